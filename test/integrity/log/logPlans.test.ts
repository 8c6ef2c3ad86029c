/**
 * The log goes by keys, however long it is: what the sequencer, the signer, deliveries, proofs and bundles ask for is explained over
 * a million leaves. Verification alone reads all of it, in pages.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signCheckpoint } from '../../../jobs/log/checkpoints.ts';
import { measureLag } from '../../../jobs/log/measureLag.ts';
import { sequenceLog } from '../../../jobs/log/sequenceLog.ts';
import { createSinks } from '../../../jobs/log/sinks.ts';
import { createWitnesses } from '../../../jobs/log/witnesses.ts';
import { checkpointText } from '../../../src/core/proof/checkpoint.ts';
import { formatNote } from '../../../src/core/proof/note.ts';
import { drawSeed, signingKey, signText } from '../../../src/core/proof/signNote.ts';
import { appendLeaves } from '../../../src/core/proof/tiles.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { findSeal, proofText } from '../../../src/http/queries/bundleProof.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { stateOf, storeState } from '../../../src/infra/signer/stateFile.ts';
import { createMetrics } from '../../../src/infra/telemetry/metrics.ts';
import { readCheckpoint, readCheckpointPage, readSignedSize } from '../../../src/integrity/log/readCheckpoints.ts';
import { readConsistency, readInclusion } from '../../../src/integrity/log/readProofs.ts';
import { edgeRoot, readEdge, writeTiles } from '../../../src/integrity/log/tileRows.ts';
import { readProof } from '../../../src/verifier/proofFile.ts';
import { cloneDatabase, type TestDatabase } from '../../support/database.ts';
import { newStream } from '../../support/logStreams.ts';
import { explaining, type Node, nodesOf, rowsRead, walksOf } from '../../support/plans.ts';

const LEAVES = 1_000_000;
const STREAMS = LEAVES / 500;
const CHECKPOINT_EVERY = 20;
/** Rows that one statement may read: those of a pass, of a page, of one stream or of the tiles of a proof. */
const MOST_ROWS = 6_000;
const origin = 'court.example/log';
const uuid = (n: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const streamOf = (n: string) => `'session:' || ${uuid(n)}`;
const STREAM = 'session:00000000-0000-7000-8000-000000000007';

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
const key = signingKey(origin, 'ed25519', drawSeed());

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'worker', 4, () => {});
  folder = await mkdtemp(join(tmpdir(), 'plearoll-plans-'));
  await fill();
}, 300_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Streams that took turns, each with a checkpoint over every few leaves. Checks of each row have no part in any plan. */
async function fill(): Promise<void> {
  const last = LEAVES - 1;
  await database.pool.query(`
    alter table events drop constraint ck_event_hash, drop constraint ck_event_stream;
    set session_replication_role = replica;
    insert into streams select ${streamOf('i')}, 500, sha256(''), now() from generate_series(0, ${STREAMS - 1}) as i;
    insert into events
    select ${streamOf(`i % ${STREAMS}`)}, 1 + i / ${STREAMS}, ${uuid('i')}, 'NOTE', 'system', now(), sha256(''),
      decode(lpad(case when i < ${STREAMS} then '0' else to_hex(i) end, 64, '0'), 'hex'), sha256(int4send(i))
    from generate_series(0, ${last}) as i;
    insert into log_leaves
    select i, ${streamOf(`i % ${STREAMS}`)}, 1 + i / ${STREAMS} from generate_series(0, ${last}) as i;
    insert into log_checkpoints
    select i, sha256(int4send(i)), 'note', now() from generate_series(${CHECKPOINT_EVERY}, ${last}, ${CHECKPOINT_EVERY}) as i;
    insert into log_cosignatures select size, 'witness', 'line', now() from log_checkpoints;
    update log_state set size = ${LEAVES};
    set session_replication_role = origin`);
  const { rows } = await database.pool.query<{ hash: string }>(
    `select encode(sha256(int4send(i)), 'hex') as hash from generate_series(0, ${last}) as i order by i`,
  );
  const hashes = rows.map(({ hash }) => hash);
  const db = database.pool as never;
  for (const tile of appendLeaves(0, [], hashes)) await writeTiles(db, [tile]);
  const root = edgeRoot(LEAVES, await readEdge(db, LEAVES));
  const text = checkpointText({ origin, size: LEAVES, root });
  const note = formatNote({ text, signatures: [signText(text, key)] });
  await storeState(join(folder, 'state.json'), stateOf(note));
  await database.pool.query(`insert into log_checkpoints values ($1, decode($2, 'hex'), $3)`, [LEAVES, root, note]);
  await database.pool.query('analyze');
}

/** @returns what the statements of the work read, each explained before it was sent */
async function plansOf(work: (db: Queryable, pool: pg.Pool) => Promise<unknown>): Promise<Node[]> {
  const plans: Node[] = [];
  const client = await pool.connect();
  const explained = explaining(client as never, plans);
  const query = (asked: string | { text: string }, values?: unknown[]) =>
    typeof asked === 'string' && /^(begin|commit|rollback)/.test(asked)
      ? client.query(asked)
      : explained.query(asked as never, values);
  const connected = { query, on() {}, off() {}, release() {} };
  try {
    await work({ query } as Queryable, { query, connect: async () => connected } as never);
  } finally {
    client.release();
  }
  return plans;
}

async function expectKeys(plans: Node[]): Promise<void> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples > 1000`,
  );
  const big = new Set(rows.map(({ name }) => name));
  expect([...big]).toEqual(expect.arrayContaining(['events', 'log_leaves', 'log_checkpoints', 'log_cosignatures']));
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    const nodes = nodesOf(plan);
    expect(
      walksOf(nodes).filter((name) => big.has(name)),
      JSON.stringify(plan),
    ).toEqual([]);
    const read = nodes.reduce((sum, node) => sum + rowsRead(node), 0);
    expect(read, JSON.stringify(plan)).toBeLessThan(MOST_ROWS);
  }
}

test('the sequencer takes what is queued, and sweeps a few streams', async () => {
  for (const sweeps of ['-infinity', 'infinity']) {
    await database.pool.query(`update log_state set sweep_due = '${sweeps}'`);
    await newStream(pool).grow(3);
    await expectKeys(await plansOf((_, on) => sequenceLog(on)));
  }
  expect((await database.pool.query('select from log_queue')).rows).toEqual([]);
});

test('the signer recomputes what is new, and the lag is measured', async () => {
  await newStream(pool).grow(3);
  await sequenceLog(pool);
  await expectKeys(await plansOf((db) => measureLag(db)));
  const tools = { key, origin, stateFile: join(folder, 'state.json') };
  let signed: unknown;
  await expectKeys(
    await plansOf(async (_, on) => {
      signed = await signCheckpoint({ ...tools, pool: on });
    }),
  );
  expect(signed).toMatchObject({ isAll: true });
  await expectKeys(await plansOf((db) => measureLag(db)));
});

test('deliveries read what a receiver has not got, also the first time', async () => {
  const metrics = createMetrics();
  const log = { warn() {}, error() {}, info() {} };
  const witness = { key: signingKey('witness', 'cosignature', drawSeed()), url: 'http://127.0.0.1:1' };
  const sink = `file:${join(folder, 'checkpoints.txt')}`;
  await database.pool.query('insert into log_sinks values ($1, $2)', [sink, LEAVES - 10 * CHECKPOINT_EVERY]);
  await expectKeys(
    await plansOf(async (db) => {
      for (const one of [createSinks([sink], { db, metrics, log }), createWitnesses([witness], { db, metrics, log })]) {
        one.deliver();
        await one.close();
      }
    }),
  );
});

test('proofs and checkpoints are read by their keys', async () => {
  await expectKeys(
    await plansOf(async (db) => {
      for (const size of [null, 40 * CHECKPOINT_EVERY]) await readInclusion(db, STREAM, 1, size);
      for (const from of [1, LEAVES / 2 + 1]) await readConsistency(db, from, LEAVES);
      await readSignedSize(db);
      for (const size of [null, CHECKPOINT_EVERY]) await readCheckpoint(db, size);
      for (const before of [null, String(LEAVES / 2)]) await readCheckpointPage(db, before, 201);
    }),
  );
});

test('the proof of a bundle reads the leaves of its stream, and the tiles between them', async () => {
  const by = { stream: 'session:00000000-0000-7000-8000-000000000008', sequence: 3 };
  let text = '';
  const plans = await plansOf(async (db) => {
    const seal = (await findSeal(db, STREAM, 500, [{ sequence: 2, by }]))!;
    for await (const piece of proofText((read) => read(db), seal)) text += piece;
  });
  await expectKeys(plans);
  expect(readProof(text)).toMatchObject({ origin, erasures: [{ sequence: 2, hashes: expect.any(Array) }] });
});
