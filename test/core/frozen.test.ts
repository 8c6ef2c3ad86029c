/** The rows of a completed session change no more, whoever asks, unless by the transaction that completes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventId } from '../../src/core/chain/ids.ts';
import { catalog } from '../../src/modules.ts';
import { tables } from '../../src/tables.ts';
import { openPasses, outcomesById, type Passes, type Place } from '../support/applierHarness.ts';
import { petitioner } from '../support/matchFixture.ts';
import { addAnyRows } from '../support/tables.ts';

let passes: Passes;
let place: Place;
let sealed: Place;

beforeAll(async () => {
  passes = await openPasses(catalog);
  place = await passes.openPlace();
  sealed = await openSealed();
});
afterAll(() => passes?.close());

/** Everything from the start to the seal, in one batch and so in one transaction. */
test('one batch starts a session, holds turns one after the other, and completes it', async () => {
  const start = passes.order('session.start', place);
  const turn = (n: number) => ({ turn_id: eventId(start.id, n + 1) });
  const speech = (n: number) => [
    passes.order('turn.start', place, { ...turn(n), speaker_id: petitioner.id }),
    passes.order('turn.end', place, turn(n)),
  ];
  const file = { sha256: 'ab'.repeat(32), size_bytes: 1, media_type: 'application/pdf' };
  const upload = passes.order('exhibit.upload', place, { title: 'A map', side: 'petitioner', file });
  const batch = [
    start,
    upload,
    ...speech(1),
    ...speech(2),
    passes.order('session.complete', place, { skip_turns: true }),
  ];
  await passes.accept(...batch);
  const done = await passes.passAll(batch);
  expect(done).toHaveLength(1);
  expect([...outcomesById(done).values()].map(({ status }) => status)).toEqual(batch.map(() => 'applied'));
  expect(await passes.issuesOf(`session:${place.session_id}`)).toEqual([]);
});

/** A completed session with a row in every table. */
async function openSealed(): Promise<Place> {
  const open = await passes.openPlace();
  const apply = async (name: string) => {
    const order = passes.order(name, open);
    await passes.accept(order);
    expect([...outcomesById(await passes.passAll([order])).values()]).toMatchObject([{ status: 'applied' }]);
  };
  await apply('session.start');
  await addAnyRows(passes.database.pool, { ...open });
  await apply('session.complete');
  return open;
}

const FROZEN = tables.filter(({ frozen_with }) => frozen_with === 'session');
const frozen = 'the session is completed';

test.each(FROZEN)('$name of a completed session is changed by nobody, not even the worker', async ({ name, owner }) => {
  const { worker, database } = passes;
  const values = [sealed.session_id];
  const changed = worker.query(`update ${name} set ${owner} = ${owner} where ${owner} = $1`, values);
  await expect(changed).rejects.toThrow(frozen);
  const deleted = database.pool.query(`delete from ${name} where ${owner} = $1`, values);
  await expect(deleted).rejects.toThrow(frozen);
  await expect(database.pool.query(`truncate ${name} cascade`)).rejects.toThrow('append-only');
});

const BESIDE = FROZEN.filter(({ owner, primary_key }) => !primary_key.includes(owner));

test.each(BESIDE)('nor is anything added to $name', async ({ name, owner }) => {
  const text = `insert into ${name} select * from ${name} where ${owner} = $1`;
  await expect(passes.worker.query(text, [sealed.session_id])).rejects.toThrow(frozen);
});

test.each(tables.filter(({ append_only }) => append_only))('$name is added to, and nothing else', async (table) => {
  const { name, owner } = table;
  const { pool } = passes.database;
  await expect(pool.query(`update ${name} set ${owner} = ${owner}`)).rejects.toThrow('append-only');
  await expect(pool.query(`delete from ${name}`)).rejects.toThrow('append-only');
  await expect(pool.query(`truncate ${name} cascade`)).rejects.toThrow('append-only');
});

test('a session that goes on is not touched by that', async () => {
  const open = await passes.openPlace();
  const start = passes.order('session.start', open);
  const named = { turn_id: eventId(start.id, 2), speaker_id: petitioner.id };
  const batch = [start, passes.order('turn.start', open, named)];
  await passes.accept(...batch);
  await passes.passAll(batch);
  const second = `update session_turns set state = 'active', speaker_id = $2, started_at = now(), deadline = now()
    where session_id = $1 and order_index = 2`;
  await expect(passes.worker.query(second, [open.session_id, petitioner.id])).rejects.toThrow('uq_turn_active');
  expect(await passes.issuesOf(`session:${open.session_id}`)).toEqual([]);
});
