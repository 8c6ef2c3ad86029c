/** What is asked of a connection in one turn goes out in one piece, and is answered as if it had gone out alone. */
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase } from '../support/database.ts';

async function openOne() {
  const database = await cloneDatabase();
  const pool = openPool(database.url, 'api', 1, () => {});
  onTestFinished(async () => {
    await pool.end();
    await database.drop();
  });
  return pool;
}

/** Pieces that the pool's one connection writes from now on. */
async function writesOf(pool: pg.Pool) {
  const client = await pool.connect();
  const { stream } = (client as unknown as { connection: { stream: Required<Writable> } }).connection;
  const [one, many] = [vi.spyOn(stream, '_write'), vi.spyOn(stream, '_writev')];
  client.release();
  return () => one.mock.calls.length + many.mock.calls.length;
}

const asked = (n: number) => ({ name: 'asked', text: 'select $1::integer as n', values: [n] });

test('a transaction is begun and asks in one piece', async () => {
  const pool = await openOne();
  const written = await writesOf(pool);
  const found = await inTransaction(pool, (db) => Promise.all([1, 2, 3].map((n) => db.query<{ n: number }>(asked(n)))));
  expect(found.map(({ rows }) => rows[0]!.n)).toEqual([1, 2, 3]);
  // The first, and the commit.
  expect(written()).toBe(2);
});

test('what fails in the middle fails alone, and what came with it is answered', async () => {
  const pool = await openOne();
  const client = await pool.connect();
  const all = await Promise.allSettled([client.query(asked(1)), client.query('select 1 / 0'), client.query(asked(3))]);
  client.release();
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('what goes by keys is planned once, and nothing else', async () => {
  const reading = createReading(await openOne(), new pg.Pool());
  const admin = { id: randomUUID(), role: 'admin', institution_id: randomUUID() } as const;
  const plans = async (read: 'inScope' | 'byKeys') => {
    const { rows } = await reading[read](admin, null, (db) => db.query('show plan_cache_mode'));
    return rows;
  };
  expect(await plans('byKeys')).toEqual([{ plan_cache_mode: 'force_generic_plan' }]);
  expect(await plans('inScope')).toEqual([{ plan_cache_mode: 'auto' }]);
});
