/**
 * How fast the server verifies its record: chain, payloads and leaves, and with all tables folded and compared. Each run is repeated with
 * 1, 10 and 1,000 corruptions, which must be found exactly.
 */
import { randomInt } from 'node:crypto';
import pg from 'pg';
import type { Queryable } from '../src/core/sql/queryable.ts';
import { openPool } from '../src/infra/postgres/database.ts';
import type { RecordReport } from '../src/integrity/recordReport.ts';
import { type Swept, sweepRecord } from '../src/integrity/sweep/sweepRecord.ts';
import { checkRecord } from '../src/integrity/verifyRecord.ts';
import { verifySession } from '../src/integrity/verifySession.ts';
import { catalog } from '../src/modules.ts';
import type { BenchOptions } from './options.ts';
import { EVENTS } from './playedSession.ts';
import { openRecord } from './recordCorpus.ts';
import { keepResults, median, percentile, table } from './report.ts';
import { readUsage } from './usage.ts';

const CORRUPTIONS = [0, 1, 10, 1_000];
const SESSIONS_ALONE = 50;
const CONNECTIONS = 2;

/** One digit of these salts is turned, past the trigger that refuses it. */
const TURN = `
  alter table event_payloads disable trigger payloads_are_immutable;
  update event_payloads p set salt = set_byte(p.salt, 0, get_byte(p.salt, 0) # 1)
  from json_to_recordset('%s') as c (stream text, sequence integer)
  where p.stream = c.stream and p.sequence = c.sequence;
  alter table event_payloads enable always trigger payloads_are_immutable`;

interface Place {
  stream: string;
  sequence: number;
}

export async function benchServer({ rounds, sessions }: BenchOptions): Promise<void> {
  const record = await openRecord(sessions);
  const admin = new pg.Client({ connectionString: record.url });
  const pool = openPool(record.url, 'verifier', CONNECTIONS, () => {});
  try {
    await admin.connect();
    const streams = await readSessions(admin);
    const alone = await measureAlone(pool, streams);
    const runs = [];
    for (const count of CORRUPTIONS) {
      const places = choose(streams, count);
      await turn(admin, places);
      runs.push(await measure(pool, streams, places, rounds).finally(() => turn(admin, places)));
      console.error(`${count} corruptions: ${JSON.stringify(runs.at(-1))}`);
    }
    const told = ({ per_second, cpu_us }: Pace) => [Math.round(per_second), Number(cpu_us.toFixed(1))];
    const rows = runs.map(({ corruptions, swept, all }) => [corruptions, ...told(swept), ...told(all)]);
    console.log(table(['corruptions', 'events/s, swept', 'us', 'events/s, all tables', 'us'], rows));
    const peak_mib = Math.round(process.resourceUsage().maxRSS / 1_024);
    console.log(`${peak_mib} MiB at most`);
    console.log(`a session of ${EVENTS} events: p50 ${alone.p50_ms.toFixed(1)} ms, p99 ${alone.p99_ms.toFixed(1)} ms`);
    await keepResults('verify-server', { sessions, runs, alone, peak_mib });
  } finally {
    await pool.end();
    await admin.end();
    await record.stop();
  }
}

async function readSessions(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ stream: string }>(`select stream from streams where stream like 'session:%'`);
  return rows.map(({ stream }) => stream);
}

function choose(streams: string[], count: number): Place[] {
  const chosen = new Map<string, Place>();
  while (chosen.size < count) {
    const place = { stream: streams[randomInt(streams.length)]!, sequence: randomInt(1, EVENTS + 1) };
    chosen.set(`${place.stream} ${place.sequence}`, place);
  }
  return [...chosen.values()];
}

async function turn(admin: pg.Client, places: Place[]): Promise<void> {
  await admin.query(TURN.replace('%s', JSON.stringify(places)));
}

async function measureAlone(pool: pg.Pool, streams: string[]) {
  const times: number[] = [];
  const some = streams.slice(0, SESSIONS_ALONE);
  // Twice: the first time their pages come into memory.
  for (const stream of [...some, ...some]) {
    const since = performance.now();
    const { is_valid, events_checked } = await verifySession(pool as never, catalog, stream.slice('session:'.length));
    times.push(performance.now() - since);
    if (!is_valid || events_checked !== EVENTS) throw new Error(`${stream} is not valid`);
  }
  times.splice(0, some.length);
  times.sort((a, b) => a - b);
  return { p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) };
}

interface Pace {
  per_second: number;
  /** Microseconds of processor time for an event, of this process and the Postgres that it started. */
  cpu_us: number;
}

/** Where others use the machine too, processor time says more than the rate. @param work gives the number of events */
async function paced(work: () => Promise<number>): Promise<Pace> {
  const used = () => readUsage({ self: process.pid }).self!;
  const [since, before] = [performance.now(), used()];
  const events = await work();
  return { per_second: (events / (performance.now() - since)) * 1_000, cpu_us: (used() - before) / events };
}

/** Chain, payloads and leaves alone: exactly the streams that were changed are not sound. */
async function measureSweep(db: Queryable, streams: string[], places: Place[]): Promise<Pace> {
  const { rows } = await db.query<{ size: number }>('select size from log_state');
  let swept: Swept;
  const pace = await paced(async () => {
    swept = await sweepRecord(db, rows[0]!.size);
    return swept.events;
  });
  const { isSound, are_leaves_sound } = swept!;
  const broken = new Set(places.map(({ stream }) => stream));
  if (!are_leaves_sound || streams.some((stream) => isSound(stream) === broken.has(stream))) {
    throw new Error(`of ${broken.size} broken streams the sweep sees others`);
  }
  return pace;
}

async function measure(pool: pg.Pool, streams: string[], places: Place[], rounds: number) {
  const expected = places.map(({ stream, sequence }) => `${stream.slice('session:'.length)} ${sequence}`).toSorted();
  const all: Pace[] = [];
  const swept: Pace[] = [];
  for (let i = 0; i < rounds; i += 1) {
    swept.push(await measureSweep(pool as never, streams, places));
    let report: RecordReport;
    const pace = paced(async () => {
      ({ report } = await checkRecord(pool as never, catalog, { institution_id: null }));
      return report.events_checked;
    });
    all.push(await pace);
    const { log_issues, command_issues, guard_issues, invalid_sessions, invalid_streams } = report!;
    const found = invalid_sessions.flatMap(({ session_id, issues }) =>
      issues.map((issue) => `${session_id} ${/^Hash mismatch at sequence (\d+)/.exec(issue)?.[1] ?? issue}`),
    );
    const others = [...log_issues, ...command_issues, ...invalid_streams, ...guard_issues];
    if (found.toSorted().join() !== expected.join() || others.length > 0) {
      throw new Error(
        `of ${places.length} corruptions it found ${found.length}, and ${JSON.stringify(others).slice(0, 500)}`,
      );
    }
  }
  return { corruptions: places.length, swept: medianOf(swept), all: medianOf(all) };
}

function medianOf(paces: Pace[]): Pace {
  return { per_second: median(paces.map((one) => one.per_second)), cpu_us: median(paces.map((one) => one.cpu_us)) };
}
