/** The sequencer: whatever is committed, whenever and by whatever way, is in the log once, in its stream's order. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sequenceLog } from '../../../jobs/log/sequenceLog.ts';
import { type SequencerTools, sequenceOnce } from '../../../jobs/log/sequencer.ts';
import { merkleRoot } from '../../../src/core/proof/merkle.ts';
import { createInProcessBroadcast } from '../../../src/infra/broadcast/inProcess.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { createMetrics } from '../../../src/infra/telemetry/metrics.ts';
import { edgeRoot, readEdge } from '../../../src/integrity/log/tileRows.ts';
import { cloneDatabase, type TestDatabase } from '../../support/database.ts';
import { changeActor, newStream } from '../../support/logStreams.ts';

let database: TestDatabase;
let pool: pg.Pool;
let tools: SequencerTools;
let errors: object[];

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'worker', 8, () => {});
  const log = { error: (fields: object) => errors.push(fields), info() {}, debug() {} };
  tools = { pool, broadcast: createInProcessBroadcast(), metrics: createMetrics(), log: log as never };
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(() => {
  errors = [];
});

const rows = async (text: string, ...values: unknown[]) => (await database.pool.query(text, values)).rows;

/** Passes until one adds nothing, with the sweep in each of them where `sweeps`. */
async function sequenceAll({ sweeps = false } = {}): Promise<number> {
  let added = 0;
  for (;;) {
    await rows(`update log_state set sweep_due = ${sweeps ? `'-infinity'` : `'infinity'`}`);
    const pass = (await sequenceOnce(tools))!;
    added += pass.added;
    const [{ swept }] = await rows('select swept from log_state');
    if (pass.added === 0 && !pass.isFull && swept === '') return added;
  }
}

/** After every test: what is in the log is what is committed, and the tree is the tree of it. */
afterEach(async () => {
  await rows('delete from log_held');
  await sequenceAll({ sweeps: true });
  const leaves = await rows(`
    select l.index, l.stream, l.sequence, encode(e.event_hash, 'hex') as hash
    from log_leaves l left join events e using (stream, sequence) order by l.index`);
  const [{ count }] = await rows('select count(*)::integer from events');
  const [{ size }] = await rows('select size::integer from log_state');
  expect([size, leaves.length]).toEqual([count, count]);
  expect(leaves.map(({ index }) => Number(index))).toEqual(leaves.map((_, i) => i));
  const last = new Map<string, number>();
  for (const { stream, sequence } of leaves) {
    expect(sequence).toBe((last.get(stream) ?? 0) + 1);
    last.set(stream, sequence);
  }
  expect(edgeRoot(size, await readEdge(pool as never, size))).toBe(merkleRoot(leaves.map(({ hash }) => hash)));
  expect(await rows('select from log_queue')).toEqual([]);
});

test('events of several streams are in the log once they are committed, and the queue is empty', async () => {
  const [one, other] = [newStream(pool), newStream(pool)];
  await one.grow(3);
  await other.grow(2);
  await one.grow();
  expect(await sequenceAll()).toBe(6);
  expect(await tools.metrics.registry.getSingleMetricAsString('log_size')).toMatch(/log_size 6$/);
  expect(await sequenceAll()).toBe(0);
});

test('a commit that comes late is only late: what was drawn before it does not hide it', async () => {
  const [late, early] = [newStream(pool), newStream(pool)];
  const client = await pool.connect();
  await client.query('begin');
  await late.grow(2, client);
  await early.grow();
  expect(await sequenceAll()).toBe(1);
  await client.query('commit');
  client.release();
  expect(await sequenceAll()).toBe(2);
});

test('what the queue never named, as in an installation from before the log, is found by the sweep in batches', async () => {
  const streams = Array.from({ length: 30 }, () => newStream(pool));
  for (const stream of streams) await stream.grow(90);
  await rows('delete from log_queue');
  expect(await sequenceAll()).toBe(0);
  expect(await sequenceAll({ sweeps: true })).toBe(30 * 90);
});

test('a stream that is longer than a pass enters the log over several of them', async () => {
  const long = newStream(pool);
  await long.grow(2_300);
  const passes = [];
  await rows(`update log_state set sweep_due = 'infinity'`);
  for (let i = 0; i < 3; i += 1) passes.push(await sequenceLog(pool));
  expect(passes.map((pass) => [pass!.added, pass!.isFull])).toEqual([
    [1_000, true],
    [1_000, true],
    [300, false],
  ]);
});

test('writers and sequencers at once: no leaf is lost, doubled or out of order', async () => {
  let writing = true;
  const write = async () => {
    for (let i = 0; i < 12; i += 1) {
      const stream = newStream(pool);
      for (let n = 0; n < 5; n += 1) await stream.grow(1 + (n % 3));
    }
  };
  const sequence = async () => {
    while (writing) await sequenceOnce(tools);
  };
  const sequencing = [sequence(), sequence()];
  await Promise.all(Array.from({ length: 4 }, write));
  writing = false;
  await Promise.all(sequencing);
});

test('a second sequencer does nothing while one is at it', async () => {
  const client = await pool.connect();
  await client.query('begin; select from log_state for update');
  expect(await sequenceLog(pool)).toBeUndefined();
  await client.query('rollback');
  client.release();
});

test('a pass that fails has done nothing, and the next does all of it', async () => {
  await newStream(pool).grow(3);
  await rows('alter table log_leaves add constraint fails check (index < 0) not valid');
  await expect(sequenceLog(pool)).rejects.toThrow('fails');
  await rows('alter table log_leaves drop constraint fails');
  expect(await sequenceAll()).toBe(3);
});

test('an event that was changed holds back its own stream, with a finding, until it is what it was', async () => {
  const [bad, good] = [newStream(pool), newStream(pool)];
  await bad.grow(2);
  await sequenceAll();
  const [, third] = [await good.grow(2), ...(await bad.grow(1))];
  await bad.grow(1);
  const change = (actor: string) => rows(changeActor(bad.stream, 3, actor));
  await change('somebody');
  expect(await sequenceAll()).toBe(2);
  const fault = expect.stringMatching(`^Hash mismatch at sequence 3: stored=${third!.event_hash}, computed=`);
  expect(await rows('select stream, sequence, fault from log_held')).toEqual([
    { stream: bad.stream, sequence: 3, fault },
  ]);
  expect(await rows('select stream, job, issues from findings')).toEqual([
    { stream: bad.stream, job: 'sequence.log', issues: [fault] },
  ]);
  expect(errors).toHaveLength(2);
  // It is tried again by the sweep, and not said again.
  await bad.grow(1);
  expect(await sequenceAll({ sweeps: true })).toBe(0);
  expect(errors).toHaveLength(2);
  await change('system');
  expect(await sequenceAll({ sweeps: true })).toBe(3);
  expect(await rows('select from log_held')).toEqual([]);
});

test('below a checkpoint no leaf and no hash can be changed, and above it both can', async () => {
  const stream = newStream(pool);
  await stream.grow(3);
  await sequenceAll();
  const [{ size }] = await rows('select size::integer from log_state');
  await rows(`insert into log_checkpoints values ($1, sha256(''), 'note')`, size - 1);
  await expect(rows('delete from log_leaves where index = $1', size - 2)).rejects.toThrow('under a checkpoint');
  await expect(rows('update log_leaves set sequence = 9 where index = $1', size - 1)).rejects.toThrow('append-only');
  await expect(rows('truncate log_leaves')).rejects.toThrow('append-only');
  await expect(rows('update log_checkpoints set size = 0')).rejects.toThrow('append-only');
  const tile = 'update log_tiles set hashes = overlay(hashes placing $1 from $2) where level = 0 and index = $3';
  const place = [1 + 32 * ((size - 2) % 256), Math.floor((size - 2) / 256)];
  await expect(rows(tile, Buffer.alloc(32), ...place)).rejects.toThrow('under a checkpoint');
  await expect(rows('delete from log_tiles where level = 0')).rejects.toThrow('under a checkpoint');
  const client = await pool.connect();
  await client.query('begin');
  const last = [1 + 32 * ((size - 1) % 256), Math.floor((size - 1) / 256)];
  expect((await client.query(tile, [Buffer.alloc(32), ...last])).rowCount).toBe(1);
  expect((await client.query('delete from log_leaves where index = $1', [size - 1])).rowCount).toBe(1);
  await client.query('rollback');
  client.release();
});
