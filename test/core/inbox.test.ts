/** The inbox on a real database, as the API's role. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Acceptance, acceptCommands, type CommandState, type Submission } from '../../src/core/apply/inbox.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { admin, match } from '../support/matchFixture.ts';
import { submission } from '../support/submissions.ts';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'door', 4, () => {});
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const accept = (batch: Submission[]) => acceptCommands(pool as never, batch);
const command = (changes: Partial<Submission> = {}) => submission(catalog, 'assignment.create', match, admin, changes);
const keyed = (key: string, fingerprint = 'aa', scope: string = admin.id) =>
  command({ idempotency: { scope, key }, fingerprint });

function stateOf(acceptance: Acceptance): CommandState {
  if ('reused' in acceptance) throw new Error('the key was reused');
  return acceptance.state;
}

async function countOf(batch: Submission[]): Promise<number> {
  const { rows } = await database.pool.query('select count(*)::integer from commands where id = any($1)', [
    batch.map(({ id }) => id),
  ]);
  return rows[0].count;
}

test('an accepted command is stored as it was handed over, without an outcome', async () => {
  const asked = command({ expected_sequence: 7, input: { text: 'Größe — 😀', list: [1, null] } });
  const [acceptance] = await accept([asked]);
  expect(acceptance).toEqual({
    joined: false,
    state: {
      ...{ id: asked.id, name: 'assignment.create', request_id: asked.request_id, status: 'accepted', attempts: 0 },
      ...{ accepted_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/), finished_at: null, outcome: null },
    },
  });
  const { rows } = await database.pool.query('select * from commands where id = $1', [asked.id]);
  expect(rows).toMatchObject([
    {
      ...{ name: asked.name, stream: asked.streams[0], streams: asked.streams, input: asked.input },
      ...{ actor_id: admin.id, actor_role: 'admin', actor_institution_id: admin.institution_id },
      ...{ expected_sequence: 7, reply_to: asked.reply_to, request_id: asked.request_id, status: 'accepted' },
    },
  ]);
});

test('positions follow the order of the batch', async () => {
  const batch = Array.from({ length: 100 }, () => command()).sort(() => Math.random() - 0.5);
  await accept(batch);
  const ids = batch.map(({ id }) => id);
  const { rows } = await database.pool.query('select id from commands where id = any($1) order by position', [ids]);
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

test('the same ids again, as after a lost connection, are stored once and answered as they stand', async () => {
  const batch = [command(), keyed(randomUUID())];
  await accept(batch);
  const again = await accept(batch);
  expect(again).toMatchObject(batch.map(({ id }) => ({ joined: false, state: { id, status: 'accepted' } })));
  expect(await countOf(batch)).toBe(2);
});

test('the same key with the same fingerprint joins the first command', async () => {
  const key = randomUUID();
  const [first, second] = [keyed(key), keyed(key)];
  await accept([first]);
  expect(await accept([second])).toMatchObject([{ joined: true, state: { id: first.id, status: 'accepted' } }]);
  expect(await countOf([first, second])).toBe(1);
});

test('the same key with another fingerprint is reused', async () => {
  const key = randomUUID();
  const second = keyed(key, 'bb');
  await accept([keyed(key, 'aa')]);
  expect(await accept([second])).toEqual([{ reused: true }]);
  expect(await countOf([second])).toBe(0);
});

test('a key belongs to its scope', async () => {
  const key = randomUUID();
  const batch = [keyed(key, 'aa', 'one'), keyed(key, 'bb', 'another'), command(), command()];
  expect(await accept(batch)).toMatchObject(batch.map(({ id }) => ({ joined: false, state: { id } })));
});

test('of two in one batch with the same key the first is stored, and the second joins it or is reused', async () => {
  const [key, other] = [randomUUID(), randomUUID()];
  const batch = [keyed(key), command(), keyed(key), keyed(other), keyed(other, 'bb')];
  const [first, , second, third, fourth] = await accept(batch);
  expect(stateOf(first!).id).toBe(batch[0]!.id);
  expect(second).toMatchObject({ joined: true, state: { id: batch[0]!.id } });
  expect(third).toMatchObject({ joined: false });
  expect(fourth).toEqual({ reused: true });
  expect(await countOf(batch)).toBe(3);
});

test('batches with the same keys at once store one command for each key', async () => {
  const keys = Array.from({ length: 20 }, () => randomUUID());
  const batches = [0, 1, 2, 3].map(() => keys.map((key) => keyed(key)));
  const answers = (await Promise.all(batches.map(accept))).flat();
  for (const [i] of keys.entries()) {
    const own = answers.filter((_, n) => n % keys.length === i);
    expect(new Set(own.map((answer) => stateOf(answer).id)).size).toBe(1);
    expect(own.filter((answer) => 'joined' in answer && !answer.joined)).toHaveLength(1);
  }
});

test('a joined command is answered with its outcome where it has one', async () => {
  const key = randomUUID();
  const first = keyed(key);
  await accept([first]);
  await database.pool.query(
    `update commands set status = 'applied', attempts = 1, finished_at = now(), outcome = '{"result":{}}' where id = $1`,
    [first.id],
  );
  expect(await accept([keyed(key)])).toMatchObject([
    { joined: true, state: { id: first.id, status: 'applied', attempts: 1, outcome: '{"result":{}}' } },
  ]);
});
