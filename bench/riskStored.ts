/**
 * The risk of 200 login sessions that are under way, as a worker reckons it every half minute, and one that is asked for, both
 * with models in the cache and over a million batches of telemetry. Of the database the statements are explained.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { checkSessionRisk } from '../jobs/behaviour/checkSessionRisk.ts';
import { monitorSessions } from '../jobs/behaviour/monitorSessions.ts';
import type { JobTools } from '../jobs/job.ts';
import { migrate } from '../migrations/migrate.ts';
import type { Behaviour } from '../src/behaviour/behaviour.ts';
import { pointsOf } from '../src/behaviour/behaviour.ts';
import type { Baseline } from '../src/behaviour/risk/baseline.ts';
import { createInProcessBroadcast } from '../src/infra/broadcast/inProcess.ts';
import { createCache } from '../src/infra/cache/cache.ts';
import { openPool } from '../src/infra/postgres/database.ts';
import { startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { explaining, type Node, nodesOf, walksOf } from '../test/support/plans.ts';
import { type SyntheticPerson, syntheticSession } from '../test/support/syntheticPeople.ts';
import { fillTelemetry, ROWS, whoIs } from '../test/support/telemetryRows.ts';
import { median, percentile } from './report.ts';

const ROUNDS = 9;
/** Looks twice a minute: after ten minutes a worker's code is compiled as far as it will be. */
const WARM_ROUNDS = 20;
const CHECKS_OF_EACH = 5;
/** What is judged of a login session is its last six batches. */
const BATCHES = 6;
/** One after the other, in a check. */
const STATEMENTS = 3;
const FILLED = ['batches', 'risks', 'models', 'consents'].map((name) => `telemetry_${name}`);
const KINDS = ['keystrokes', 'mouse_movements', 'clicks', 'scrolls', 'navigation'] as const;

export interface StoredRisk {
  /** Processor time of the worker for one look at all of them, in the middle of the rounds; each login session has sent something new. */
  monitor_cpu_ms: number;
  /** Of the first look of a process. */
  first_cpu_ms: number;
  check_p99_ms: number;
  /** Of as many statements that do nothing: what the machine takes by itself. */
  bare_p99_ms: number;
  /** Tables that a statement walked through. */
  walks: string[];
}

/** @param people of whom each has a login session under way @param rows batches of others */
export async function measureStored(
  people: readonly SyntheticPerson[],
  baselines: readonly Baseline[],
  rows = ROWS,
): Promise<StoredRisk> {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-bench-risk-'));
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: {} });
  const owner = new pg.Pool({ connectionString: postgres.url, max: 1 });
  owner.on('error', () => {});
  const pool = openPool(postgres.url, 'worker', 4, () => {});
  try {
    await migrate(postgres.url);
    await fillTelemetry(owner, rows);
    for (const [n, baseline] of baselines.entries()) {
      const text = 'update telemetry_models set baseline = $2 where user_id = $1 and is_active';
      await owner.query(text, [whoIs(n).user_id, JSON.stringify(baseline)]);
    }
    await settle(owner);
    const logins = people.map(() => randomUUID());
    for (let n = 0; n < BATCHES; n += 1) await send(owner, logins, people, n);
    const tools = toolsFor(pool);
    const cpu_ms: number[] = [];
    for (let round = 0; round <= WARM_ROUNDS + ROUNDS; round += 1) {
      if (round > 0) await send(owner, logins, people, BATCHES + round);
      cpu_ms.push(await cpuOf(() => monitorSessions.run(tools)));
    }
    const check_p99_ms = await measureChecks(tools, logins);
    const bare_p99_ms = await measureBare(pool, logins.length * CHECKS_OF_EACH);
    await send(owner, logins, people, 0);
    const figures = {
      first_cpu_ms: cpu_ms[0]!,
      monitor_cpu_ms: median(cpu_ms.slice(-ROUNDS)),
      check_p99_ms,
      bare_p99_ms,
    };
    return { ...figures, walks: await walksIn(tools, logins[0]!) };
  } finally {
    await Promise.all([pool.end(), owner.end()]);
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** What filling has left behind for Postgres to do is done before anything is measured. */
async function settle(owner: pg.Pool): Promise<void> {
  for (const table of FILLED) await owner.query(`vacuum analyze ${table}`);
  await owner.query('checkpoint');
}

/** As a worker has them, but for commands, which nobody sends. */
function toolsFor(pool: pg.Pool): JobTools {
  const nothing = { inc() {}, debug() {} };
  const cache = createCache({ redis: undefined, prefix: '', metrics: { cacheReads: nothing } as never, log: nothing });
  const broadcast = createInProcessBroadcast();
  return { pool, cache, broadcast, send: async () => {}, input: {}, isOver: () => false } as unknown as JobTools;
}

/** One more batch of each: the sixth part of a session. */
async function send(owner: pg.Pool, logins: string[], people: readonly SyntheticPerson[], number: number) {
  const parts = people.map((person) => partOf(syntheticSession(person, 100), number % BATCHES));
  const whose = logins.map((_, n) => whoIs(n));
  await owner.query(
    `insert into telemetry_batches (id, institution_id, user_id, login_id, started_at, received_at, content_hash, points, behaviour)
     select gen_random_uuid(), a.institution_id, a.user_id, a.login_id, clock_timestamp(), clock_timestamp(),
       sha256(gen_random_uuid()::text::bytea), a.points, a.behaviour
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::json[]) as a (institution_id, user_id, login_id, points, behaviour)`,
    [
      whose.map(({ institution_id }) => institution_id),
      whose.map(({ user_id }) => user_id),
      ...[logins, parts.map(pointsOf), parts.map((part) => JSON.stringify(part))],
    ],
  );
}

function partOf(behaviour: Behaviour, number: number): Behaviour {
  const parts = KINDS.map((kind) => {
    const size = Math.ceil(behaviour[kind].length / BATCHES);
    return [kind, behaviour[kind].slice(number * size, (number + 1) * size)];
  });
  return Object.fromEntries(parts);
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function measureChecks(tools: JobTools, logins: readonly string[]): Promise<number> {
  const asked = Array.from({ length: CHECKS_OF_EACH }, () => logins).flat();
  return p99Of(asked.length, (n) => checkSessionRisk.run({ ...tools, input: { login_id: asked[n]! } }));
}

async function measureBare(pool: pg.Pool, times: number): Promise<number> {
  return p99Of(times, async () => {
    for (let n = 0; n < STATEMENTS; n += 1) await pool.query({ name: 'nothing', text: 'select 1' });
  });
}

async function p99Of(times: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const took_ms: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const began = performance.now();
    await work(n);
    took_ms.push(performance.now() - began);
  }
  const sorted = took_ms.toSorted((a, b) => a - b);
  return percentile(sorted, 0.99);
}

async function walksIn(tools: JobTools, login_id: string): Promise<string[]> {
  const plans: Node[] = [];
  const explained = { ...tools, pool: explaining(tools.pool, plans) as never };
  await monitorSessions.run(explained);
  await checkSessionRisk.run({ ...explained, input: { login_id } });
  return walksOf(plans.flatMap(nodesOf)).filter((table) => table.startsWith('telemetry_'));
}
