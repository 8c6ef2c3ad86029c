/**
 * While a snapshot is held, a backup's for instance, an index keeps the entries of all that was settled since. No look
 * walks through them, and neither does the applier: what they cost does not grow with what was settled. All of the suite has
 * ten times as much.
 */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS_WAIT, OVERDUE } from '../../jobs/apply/overdueCommands.ts';
import { moveMark, watchMark } from '../../jobs/upkeep/moveMark.ts';
import { PENDING, readPending } from '../../src/core/apply/transaction.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { INBOX_LOAD, readInboxLoad } from '../../src/infra/backlog/backlog.ts';
import { DOOR_LOAD } from '../../src/infra/backlog/inboxLoad.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { acceptInto, settleIn } from '../support/fillInbox.ts';

const SETTLED = isEverything ? [25_000, 250_000] : [25_000];
const STREAMS = 40;
/** Pages of 8 KiB that one look may read. */
const MOST_PAGES = 100;
const STUCK = 'session:0';

/** Which of them still stand in Postgres's own memory depends on what else the server was asked. */
const pagesRead = (plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number }): number =>
  plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];

describe.each(SETTLED)('with %i commands settled while a snapshot is held', (settled) => {
  let database: TestDatabase;
  let worker: pg.Pool;
  let db: Queryable;
  let backup: pg.PoolClient;

  beforeAll(async () => {
    database = await cloneDatabase();
    worker = openPool(database.url, 'worker', 2, () => {});
    db = worker;
    await database.pool.query(`
      insert into streams select 'session:' || n, 1, sha256('') from generate_series(0, ${STREAMS - 1}) as n`);
    await accept(settled);
    backup = await database.pool.connect();
    await backup.query('begin isolation level repeatable read');
    await backup.query('select from commands limit 1');
    await settle();
    await move();
    await accept(STREAMS);
  }, 120_000);

  afterAll(async () => {
    await backup.query('rollback');
    backup.release();
    await worker.end();
    await database.drop();
  }, 120_000);

  const accept = (count: number) => acceptInto(database.pool, count, STREAMS);
  const settle = (condition?: string) => settleIn(database.pool, condition);
  async function move(): Promise<void> {
    await database.pool.query(`update inbox_mark set looked_at = 'epoch'`);
    await moveMark(db);
  }

  const looks: [string, string, unknown[]][] = [
    ['how the inbox stands', INBOX_LOAD, []],
    ['how the door stands', DOOR_LOAD, [['gallery']]],
    ['whether commands wait', `select ${COMMANDS_WAIT}`, []],
    ['what waits for long', OVERDUE, [500, ['gallery']]],
    ['whether the mark lags', `select ${watchMark({} as Queryable).waits}`, []],
    ['what a stream has waiting', PENDING.text, [['session:1', 'session:2'], 8]],
  ];

  async function pagesOf(text: string, values: unknown[]): Promise<number> {
    const { rows } = await worker.query(`explain (analyze, buffers, format json) ${text}`, values);
    const { Plan } = rows[0]['QUERY PLAN'][0];
    // Of one row it would be cheap, and be held for so dear that the statement is compiled first, where it may be.
    expect(JSON.stringify(Plan)).not.toContain('"Seq Scan"');
    return pagesRead(Plan);
  }

  test.each(looks)('%s is found among what is left', async (_, text, values) => {
    expect(await pagesOf(text, values)).toBeLessThan(MOST_PAGES);
  });

  test('without the mark each would walk through all of it', async () => {
    const client = await database.pool.connect();
    await client.query('begin');
    await client.query('update inbox_mark set low_water = 0');
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${INBOX_LOAD}`);
    await client.query('rollback');
    client.release();
    expect(pagesRead(rows[0]['QUERY PLAN'][0].Plan)).toBeGreaterThan(settled / 50);
  });

  test('a stream that is left alone does not keep the mark back, and what waits in it is not lost', async () => {
    await database.pool.query(`insert into stream_backoffs values ($1, 'locked', now() + interval '1 hour')`, [STUCK]);
    await accept(20_000);
    await settle(`stream <> '${STUCK}'`);
    await move();
    for (const [name, text, values] of looks) {
      expect(await pagesOf(text, values), name).toBeLessThan(MOST_PAGES + 20_000 / STREAMS);
    }
    const left = 1 + 20_000 / STREAMS;
    expect(await readInboxLoad(db)).toMatchObject({ pending: left, dead: 0 });
    expect((await db.query(OVERDUE, [500, ['gallery']])).rows).toEqual([{ streams: [STUCK] }]);
    expect((await readPending(db, [STUCK], 1_000)).pending).toHaveLength(left);
  });
});
