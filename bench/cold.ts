/**
 * What a worker pays for a stream that it does not have in memory, by how long the stream is: folded from its first event, and
 * from its snapshot and an eighth of it, as many events as are new at most. What is in memory is there for comparison.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../migrations/migrate.ts';
import type { StreamState } from '../src/core/apply/keptStates.ts';
import { createSnapshots, LONG, storeSnapshots } from '../src/core/apply/stateSnapshots.ts';
import { createStates, type States } from '../src/core/apply/streamStates.ts';
import type { EventRow } from '../src/core/chain/ledger.ts';
import type { Head } from '../src/core/definitions/stream.ts';
import type { Queryable } from '../src/core/sql/queryable.ts';
import { openPool } from '../src/infra/postgres/database.ts';
import { startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { catalog } from '../src/modules.ts';
import { INSTITUTION, petitioner, respondent } from '../test/support/matchFixture.ts';
import type { BenchOptions } from './options.ts';
import { startSession } from './playedSession.ts';
import { storeEvents } from './recordCorpus.ts';
import { keepResults, median, table } from './report.ts';

const LENGTHS = [100, 300, 1_000, 10_000];
const KEY = randomBytes(32);
const TIMES = 15;
const TEXT = 'The witness has answered the question, counsel. '.repeat(3);
const SETTINGS = { fsync: 'off', shared_buffers: '256MB' };

export async function benchCold(_: BenchOptions): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-bench-'));
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: SETTINGS });
  try {
    await migrate(postgres.url);
    // Its settings are those of a worker, but for the role: it may fill tables.
    const pool = openPool(postgres.url, 'worker', 1, () => {});
    const rows: (string | number)[][] = [];
    for (const length of LENGTHS) rows.push([length, ...(await measureOne(pool as never, postgres.url, length))]);
    const header = ['events', 'from the first ms', 'from a snapshot ms', 'sealing ms', 'KiB', 'in memory ms'];
    console.log(table(header, rows));
    await keepResults('cold', { header, rows });
    await pool.end();
  } finally {
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function measureOne(db: Queryable, url: string, length: number): Promise<number[]> {
  const rows = playLong(length);
  const stream = rows[0]!.stream;
  await fill(url, rows);
  const head = headOf(rows.at(-1)!);
  const heads = new Map([[stream, head]]);
  const since = Math.max(LONG, Math.floor(length / 8)) - 1;
  const earlier = headOf(rows.at(-1 - since)!);
  const snapshots = () => createSnapshots({ openKey: async () => KEY });
  const load = (states: States, at = heads) => states.load(db, at);
  const plain = await timed(() => load(createStates(catalog)));
  const early = await load(createStates(catalog), new Map([[stream, earlier]]));
  const held = new Map<string, StreamState>([[stream, { head: earlier, state: early.states.get(stream) }]]);
  const sealing = await timed(() => createStates(catalog, { snapshots: snapshots() }).seal(held, new Map()));
  const sealed = await createStates(catalog, { snapshots: snapshots() }).seal(held, new Map());
  await Promise.all(storeSnapshots(db, sealed));
  const quick = await timed(() => load(createStates(catalog, { snapshots: snapshots() })));
  const warm = createStates(catalog);
  await load(warm);
  const inMemory = await timed(() => load(warm));
  return [plain, quick, sealing, sealed[0]!.state.length / 1_024, inMemory].map((n) => Number(n.toPrecision(3)));
}

/** Of one turn: questions, notes, and violations, of which the state keeps all. */
function playLong(length: number): EventRow[] {
  const { session_id, played, act, stateOf, count } = startSession(Date.parse('2026-11-20T10:00:00.000Z'), INSTITUTION);
  act('session.join', { role: 'petitioner' }, petitioner);
  act('session.join', { role: 'respondent' }, respondent);
  act('session.join', { role: 'judge' });
  const { id: turn_id, side } = stateOf().turns[0]!;
  const [speaker, opponent] = side === 'petitioner' ? [petitioner, respondent] : [respondent, petitioner];
  act('turn.start', { turn_id, speaker_id: speaker.id });
  for (let n = 0; count() < length; n += 1) {
    if (n % 10 === 0) act('violation.record', { user_id: opponent.id, kind: 'late_memorial', description: TEXT });
    else if (n % 4 === 0) act('session.log', { event_type: 'BENCH_NOTE', details: { text: TEXT, n } });
    else for (const phase of ['start', 'end']) act('turn.question', { turn_id, phase });
  }
  return played.rows.filter((row) => row.stream === `session:${session_id}`);
}

async function fill(url: string, rows: EventRow[]): Promise<void> {
  const pool = openPool(url, 'worker', 1, () => {});
  await storeEvents(pool as never, rows);
  await pool.query('select 1');
  await pool.end();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < TIMES; n += 1) {
    const started = performance.now();
    await work();
    took.push(performance.now() - started);
  }
  return median(took);
}

function headOf({ sequence, event_hash, occurred_at }: EventRow): Head {
  return { sequence, event_hash, occurred_at };
}
