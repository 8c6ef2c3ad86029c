/** Accepting at a real inbox: what was stored is answered and rung for, and 503 says truly what became of the rest. */
import { randomUUID } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { laneOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { type Acceptor, createAcceptor, LANES } from '../../src/http/commands/acceptance.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import type { Doorbell, Queues } from '../../src/infra/queue/queue.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { catalog } from '../../src/modules.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { admin, match } from '../support/matchFixture.ts';
import { submission } from '../support/submissions.ts';

/** What happens to a statement instead of, or after, what should. */
type Blow = (statement: string, send: () => Promise<unknown>) => Promise<unknown>;

let database: TestDatabase;
let pool: pg.Pool;
let acceptor: Acceptor;
let blow: Blow;
let rung: string[];
/** The priority of each doorbell; none is answered first. */
let priorities: (number | undefined)[];
let isAway = false;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'door', 4, () => {});
  const query = (statement: { name: string }) => blow(statement.name, () => pool.query(statement as pg.QueryConfig));
  const add = async (_: string, { commands }: Doorbell, { priority }: JobsOptions) => {
    rung.push(...commands.map(({ id }) => id));
    priorities.push(priority);
  };
  acceptor = createAcceptor({
    db: { query } as unknown as Queryable,
    queues: { queue: () => ({ add }) } as unknown as Queues,
    kinds: catalog.kinds,
    backlog: { refusalOf: () => undefined, admit: () => {}, isRefusing: () => false, close: () => {} },
    isAway: () => isAway,
    metrics: createMetrics(),
    log: createLog('silent', 'test'),
  });
});

beforeEach(() => {
  isAway = false;
  rung = [];
  priorities = [];
  blow = (_, send) => send();
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** All in one lane, so that what is sent together is stored together, in its order. */
function command(changes: Partial<Submission> = {}): Submission {
  const one = submission(catalog, 'assignment.create', match, admin, changes);
  return laneOf(one.streams[0]!, LANES) === 0 ? one : command(changes);
}
const keyed = (key: string) => command({ idempotency: { scope: admin.id, key }, fingerprint: 'aa' });
const settle = (batch: Submission[]) => Promise.allSettled(batch.map((one) => acceptor.accept(one)));
const isAsked = (statement: string) => statement === 'read-earlier';

async function storedOf(batch: Submission[]): Promise<string[]> {
  const ids = batch.map(({ id }) => id);
  const { rows } = await database.pool.query('select id from commands where id = any($1) order by position', [ids]);
  return rows.map(({ id }) => id);
}

/** The statement takes longer than the server lets it. */
const timeOut: Blow = () => database.pool.query(`set statement_timeout = 1; select pg_sleep(1)`);

test('new commands of a flush are answered and rung for where the look-up of its duplicates fails', async () => {
  const key = randomUUID();
  await acceptor.accept(keyed(key));
  rung = [];
  const [replay, ...fresh] = [keyed(key), command(), keyed(randomUUID()), command()] as const;
  blow = (statement, send) => (isAsked(statement) ? timeOut(statement, send) : send());
  const [refused, ...accepted] = await settle([replay, ...fresh]);
  expect(accepted).toMatchObject(fresh.map(({ id }) => ({ value: { joined: false, state: { id } } })));
  const detail = 'Nothing of this request is stored.';
  expect(refused).toMatchObject({ reason: { body: { code: 'unavailable', status: 503, detail } } });
  expect(await storedOf([replay, ...fresh])).toEqual(fresh.map(({ id }) => id));
  expect(rung).toEqual(fresh.map(({ id }) => id));
});

test('new commands of a flush do not wait for the look-up of its duplicates', async () => {
  const key = randomUUID();
  await acceptor.accept(keyed(key));
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  blow = async (statement, send) => {
    if (isAsked(statement)) await asked;
    return send();
  };
  const replay = acceptor.accept(keyed(key));
  const fresh = [command(), command()];
  expect(await settle(fresh)).toMatchObject(fresh.map(() => ({ status: 'fulfilled' })));
  ask();
  expect(await replay).toMatchObject({ joined: true });
});

test('a replay whose command is pruned before it is looked up is told to come again, and no other replay of its flush', async () => {
  const [pruned, kept] = [randomUUID(), randomUUID()];
  const [first, second] = [keyed(pruned), keyed(kept)];
  await settle([first, second]);
  blow = async (statement, send) => {
    if (isAsked(statement)) await database.pool.query('delete from commands where id = $1', [first.id]);
    return send();
  };
  const [gone, found, fresh] = await settle([keyed(pruned), keyed(kept), command()]);
  const detail = 'Nothing of this request is stored.';
  expect(gone).toMatchObject({ reason: { body: { code: 'unavailable', status: 503, detail } } });
  expect(found).toMatchObject({ value: { joined: true, state: { id: second.id } } });
  expect(fresh).toMatchObject({ value: { joined: false } });
  expect(acceptor.isAccepting()).toBe(true);
  blow = (_, send) => send();
  expect(await settle([keyed(pruned)])).toMatchObject([{ value: { joined: false } }]);
});

test('the acceptor is idle when its replays are looked up', async () => {
  const key = randomUUID();
  await acceptor.accept(keyed(key));
  let isAnswered = false;
  const asked = new Promise<() => void>((tell) => {
    blow = async (statement, send) => {
      if (!isAsked(statement)) return send();
      await new Promise<void>((answer) => tell(answer));
      const found = await send();
      isAnswered = true;
      return found;
    };
  });
  const replay = acceptor.accept(keyed(key));
  const answer = await asked;
  const idle = acceptor.idle().then(() => isAnswered);
  // A round of the database: as long as an acceptor takes that waits for nothing.
  await database.pool.query('select 1');
  answer();
  expect(await idle).toBe(true);
  expect(await replay).toMatchObject({ joined: true });
});

test('commands whose commit was answered on a lost connection are stored once, answered and rung for', async () => {
  const batch = [command(), keyed(randomUUID())];
  let isLost = false;
  blow = async (_, send) => {
    const answer = await send();
    if (isLost) return answer;
    isLost = true;
    throw new Error('Connection terminated unexpectedly');
  };
  const answers = await settle(batch);
  expect(answers).toMatchObject(batch.map(({ id }) => ({ value: { joined: false, state: { id } } })));
  expect(await storedOf(batch)).toEqual(batch.map(({ id }) => id));
  expect(rung.sort()).toEqual(batch.map(({ id }) => id).sort());
});

test('a command whose commit may have been lost is not said to be stored nowhere', async () => {
  const lost = command();
  blow = async (_, send) => {
    await send();
    throw new Error('Connection terminated unexpectedly');
  };
  const [answer] = await settle([lost]);
  const detail = expect.stringContaining('may be stored');
  expect(answer).toMatchObject({ reason: { body: { code: 'unavailable', detail } } });
  expect(await storedOf([lost])).toEqual([lost.id]);
});

test('a command that never reached Postgres is said to be stored nowhere', async () => {
  blow = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  };
  const detail = 'Nothing of this request is stored.';
  expect(await settle([command()])).toMatchObject([{ reason: { body: { code: 'unavailable', detail } } }]);
});

test('where Postgres is away for long nobody waits to be told so, and nothing is sent', async () => {
  let sent = 0;
  blow = (_, send) => {
    sent += 1;
    return send();
  };
  isAway = true;
  const detail = 'Nothing of this request is stored.';
  await expect(acceptor.accept(command())).rejects.toMatchObject({ body: { code: 'unavailable', detail } });
  expect(sent).toBe(0);
});

test('a flush takes about a megabyte at most, however much comes in at once', async () => {
  const text = 'x'.repeat(60_000);
  const batch = Array.from({ length: 40 }, () => command({ input: { ...match, title: text } }));
  const sizes: number[] = [];
  blow = async (_, send) => {
    const answer = (await send()) as pg.QueryResult;
    sizes.push(answer.rowCount!);
    return answer;
  };
  await settle(batch);
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(17);
  expect(await storedOf(batch)).toHaveLength(40);
});

test('a door whose last command could not be stored says so until one can be', async () => {
  expect(acceptor.isAccepting()).toBe(true);
  const full = Object.assign(new Error('could not extend file'), { code: '53100' });
  blow = async () => {
    isAway = true;
    throw full;
  };
  await settle([command()]);
  isAway = false;
  expect(acceptor.isAccepting()).toBe(false);
  blow = (_, send) => send();
  await settle([command()]);
  expect(acceptor.isAccepting()).toBe(true);
});

test('a doorbell for observers alone is answered after all others, and one for a clerk too is not', async () => {
  const session_id = randomUUID();
  const observe = () => submission(catalog, 'session.observe', { session_id }, admin);
  await settle([observe(), observe()]);
  await settle([command()]);
  expect(priorities).toEqual([1, undefined]);
});
