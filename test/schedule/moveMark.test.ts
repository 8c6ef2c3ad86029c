/** The inbox's mark passes what is settled and streams that are stuck, and never a command that anybody may yet commit. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { OVERDUE } from '../../jobs/apply/overdueCommands.ts';
import { moveMark, watchMark } from '../../jobs/upkeep/moveMark.ts';
import { readPending } from '../../src/core/apply/transaction.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { readInboxLoad } from '../../src/infra/backlog/backlog.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const MANY = 1_500;

let database: TestDatabase;
let worker: pg.Pool;
let db: Queryable;
beforeAll(async () => {
  database = await cloneDatabase();
  worker = openPool(database.url, 'worker', 2, () => {});
  db = worker;
  await database.pool.query(`
    insert into streams select 'session:' || n, 1, sha256('') from generate_series(0, 499) as n`);
});
beforeEach(() =>
  database.pool.query(`delete from commands; update streams set held_until = null;
    update inbox_mark set low_water = 0, stuck = '{}', stuck_from = '{}', looked_at = 'epoch'`),
);
afterAll(async () => {
  await worker.end();
  await database.drop();
});

interface Kind {
  streams?: number;
  age_seconds?: number;
  attempts?: number;
}

const ACCEPT = `
  insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, accepted_at, attempts)
  select gen_random_uuid(), 'session.log', s, array[s], '{}', 'system', 'system', 'r', 'q', now() - $3 * interval '1 second', $4
  from generate_series(1, $1) as n, concat('session:', n % $2) as s returning position::integer`;

async function accept(client: Pick<pg.Client, 'query'>, count: number, kind: Kind = {}): Promise<number[]> {
  const { streams = 500, age_seconds = 60, attempts = 0 } = kind;
  const { rows } = await client.query(ACCEPT, [count, streams, age_seconds, attempts]);
  return rows.map(({ position }) => position);
}

/** One command, of a stream that is named. */
async function other(stream: string): Promise<number[]> {
  const [position] = await accept(database.pool, 1, { streams: 1 });
  await database.pool.query('update commands set stream = $2, streams = array[$2] where position = $1', [
    position,
    stream,
  ]);
  return [position!];
}

const settle = (positions: number[]) =>
  database.pool.query(
    `update commands set status = 'applied', outcome = '{}', finished_at = now() where position = any($1)`,
    [positions],
  );

async function move(): Promise<{ low_water: number; stuck: string[]; stuck_from: number[] }> {
  await database.pool.query(`update inbox_mark set looked_at = 'epoch'`);
  await moveMark(db);
  return (await worker.query('select low_water, stuck, stuck_from::integer[] from inbox_mark')).rows[0];
}

async function lags(): Promise<boolean> {
  const { rows } = await worker.query(`select ${watchMark(db).waits} as lags`);
  return rows[0].lags;
}

const drained = async () =>
  (await db.query<{ streams: string[] }>(OVERDUE, [500, ['gallery']])).rows.map(({ streams }) => streams[0]);

test('it follows what is settled, and stands before the first that waits', async () => {
  const positions = await accept(database.pool, MANY);
  expect(await lags()).toBe(true);
  await settle(positions.slice(0, 1_200));
  expect((await move()).low_water).toBe(positions[1_200]);
  await settle(positions.slice(1_200));
  expect((await move()).low_water).toBe(positions.at(-1)! + 1);
  expect(await lags()).toBe(false);
});

test('a command that is drawn and not committed yet is not passed, however many after it are settled', async () => {
  const late = await database.pool.connect();
  onTestFinished(() => late.release(true));
  await late.query('begin');
  const [position] = await accept(late, 1, { streams: 1 });
  const settled = await accept(database.pool, MANY);
  await settle(settled);
  expect((await move()).low_water).toBe(0);
  await late.query('commit');
  expect(await drained()).toEqual(['session:0']);
  expect((await move()).low_water).toBe(position);
});

test('a stream that is held back or was tried before is named, and found as long as it waits', async () => {
  const [held] = await accept(database.pool, 1, { streams: 1 });
  await database.pool.query(`update streams set held_until = now() + interval '1 hour' where stream = 'session:0'`);
  const before = await accept(database.pool, MANY);
  await settle(before);
  const mark = await move();
  expect(mark).toMatchObject({ low_water: before.at(-1)! + 1, stuck: ['session:0'], stuck_from: [held] });
  expect(await readInboxLoad(db)).toMatchObject({ pending: 1 });
  expect(await lags()).toBe(false);
  await database.pool.query('update streams set held_until = null');
  expect(await drained()).toEqual(['session:0']);
  await settle([held!]);
  expect(await move()).toMatchObject({ stuck: [] });
});

test('a stream that its worker leaves alone is stuck, and stays so until it moves, whatever is said of it', async () => {
  const [first, second] = await accept(database.pool, 2, { streams: 1 });
  await database.pool.query(`insert into stream_backoffs values ('session:0', 'locked', now() + interval '1 minute')`);
  await settle(await accept(database.pool, MANY));
  expect((await move()).stuck).toEqual(['session:0']);
  await database.pool.query('delete from stream_backoffs');
  expect((await move()).stuck).toEqual(['session:0']);
  expect((await move()).low_water).toBeGreaterThan(second!);
  await settle([first!]);
  expect(await move()).toMatchObject({ low_water: second, stuck: [] });
});

test('a command that may have taken its worker down makes its stream a stuck one', async () => {
  await accept(database.pool, 1, { streams: 1, attempts: 1 });
  expect((await move()).stuck).toEqual(['session:0']);
});

test('what only waits its turn is not stuck', async () => {
  await accept(database.pool, 500);
  expect((await move()).stuck).toEqual([]);
});

test('more streams than it can name keep it back, and all of them are found', async () => {
  await database.pool.query(`update streams set held_until = now() + interval '1 hour'`);
  const waiting = await accept(database.pool, 500);
  await settle(await accept(database.pool, MANY));
  const mark = await move();
  expect(mark.stuck).toHaveLength(200);
  expect(mark.low_water).toBe(waiting[200]);
  await database.pool.query('update streams set held_until = null');
  expect(await drained()).toHaveLength(500);
  expect(await readInboxLoad(db)).toMatchObject({ pending: 500 });
});

test('what is overdue is found in the order in which it was accepted, whatever its streams are called', async () => {
  const named = ['session:499', 'session:0', 'session:250'];
  for (const stream of named) await other(stream);
  expect(await drained()).toEqual(named);
});

test('a mover that another one overtook passes nothing that was named when it began and is not any more', async () => {
  const hold = `update streams set held_until = now() + interval '1 hour' where stream = any($1)`;
  await accept(database.pool, 2_500, { streams: 1 });
  const [late] = await other('session:1');
  await database.pool.query(hold, [['session:0', 'session:1']]);
  await settle(await accept(database.pool, MANY));
  await move();
  expect((await move()).stuck).toEqual(['session:0', 'session:1']);
  // It has claimed the mark, and waits for a writer; meanwhile another finds both free, and one is stuck again.
  const writer = await database.pool.connect();
  onTestFinished(() => writer.release(true));
  await writer.query('begin; lock table commands in row exclusive mode');
  await database.pool.query(`update inbox_mark set looked_at = 'epoch'`);
  const overtaken = moveMark(db);
  await vi.waitUntil(async () => (await worker.query(`select looked_at > 'epoch' as is from inbox_mark`)).rows[0].is, {
    timeout: 20_000,
  });
  await database.pool.query(
    `update inbox_mark set low_water = (select min(position) from commands), stuck = '{}', stuck_from = '{}'`,
  );
  await database.pool.query('update streams set held_until = null where stream = $1', ['session:1']);
  await writer.query('commit');
  await overtaken;
  const { pending } = await readPending(db, ['session:1'], 10);
  expect(pending).toHaveLength(1);
  expect((await worker.query('select low_water from inbox_mark')).rows[0].low_water).toBeLessThanOrEqual(late!);
});

test('a clock that was set back does not keep it still', async () => {
  await settle(await accept(database.pool, MANY));
  await database.pool.query(`update inbox_mark set looked_at = now() + interval '1 hour'`);
  expect(await lags()).toBe(true);
  await moveMark(db);
  expect(await lags()).toBe(false);
});
