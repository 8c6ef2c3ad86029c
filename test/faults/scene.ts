/**
 * A scene: a database of its own, APIs, workers and schedulers as processes, and active sessions to send to. It is cleared away
 * when its test ends, or the last of those that share it, and what the processes logged is shown when a test failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, onTestFailed, onTestFinished } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { openQueues, type Queues } from '../../src/infra/queue/queue.ts';
import type { QueueName } from '../../src/infra/queue/queueNames.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { type Cast, cast, get, type Json, openSession, person, post } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { killAll, type Process, startProcess, until } from '../support/processes.ts';
import { useRedis } from '../support/redis.ts';
import { SECRET } from '../support/stack.ts';

type Env = Record<string, string>;

export interface Scene {
  database: TestDatabase;
  people: Cast;
  /** All that were started. */
  processes: readonly Process[];
  startApi(env?: Env): Promise<Process>;
  startWorker(env?: Env): Promise<Process>;
  startScheduler(env?: Env): Promise<Process>;
  startRelay(env?: Env): Promise<Process>;
  startSigner(env?: Env): Promise<Process>;
  /** @param file an entry of this folder, without its ending */
  startEntry(file: string, args?: string[], env?: Env): Promise<Process>;
  /** New active sessions; their ids. */
  openSessions(api: Process, count: number): Promise<string[]>;
  /** The queue as the processes see it. */
  openQueue(name: QueueName): Promise<Queue>;
}

export interface SceneOptions {
  redisUrl: string;
  /** Instead of a database cloned from the run's own Postgres. */
  database?: TestDatabase;
}

/** What becomes of a scene when its test, or the last of them, ends. */
interface Curtain {
  clear(): Promise<void>;
  expectNoWarning(): void;
  tell(): void;
}

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { scene, curtain } = await setScene(options);
  onTestFinished(async () => {
    await curtain.clear();
    curtain.expectNoWarning();
  });
  onTestFailed(curtain.tell);
  return scene;
}

/**
 * One scene for the tests of a describe, each of which leaves everybody at work: processes take longer to start than most
 * faults to heal. @param play starts them @returns what was played, once the tests run
 */
export function shareScene<T>(options: () => Promise<SceneOptions>, play: (scene: Scene) => Promise<T>): () => T {
  let curtain: Curtain | undefined;
  let played: T;
  beforeAll(async () => {
    const { scene, ...set } = await setScene(await options());
    ({ curtain } = set);
    played = await play(scene).catch((fault) => {
      curtain?.tell();
      throw fault;
    });
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') curtain?.tell();
    curtain?.expectNoWarning();
  });
  afterAll(() => curtain?.clear());
  return () => played;
}

async function setScene({ redisUrl, database: given }: SceneOptions): Promise<{ scene: Scene; curtain: Curtain }> {
  const database = given ?? (await cloneDatabase());
  const people = cast();
  const processes: Process[] = [];
  const opened: { queues: Queues; redis: RedisServer }[] = [];
  const home = mkdtempSync(join(tmpdir(), 'plearoll-scene-'));
  const settings = {
    PLEAROLL_HOME: home,
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    JWT_SECRET: SECRET,
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    GUARD_MAX_KEYS: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    RATE_LIMIT_OBJECTIONS_PER_MINUTE: '0',
    WS_MAX_CONNECTIONS_PER_USER: '0',
    METRICS_PORT: '0',
    PORT: '0',
  };

  const curtain: Curtain = {
    clear: async () => {
      await killAll(processes);
      await Promise.all(opened.map(({ queues }) => queues.close()));
      for (const { redis } of opened) redis.close();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
    expectNoWarning: () => {
      for (const { name, output } of processes) expect.soft(output(), name).not.toContain('DeprecationWarning');
    },
    tell: () => {
      for (const { name, pid, output } of processes) console.error(`${name} ${pid}:\n${output().slice(-3_000)}`);
    },
  };

  async function start(name: string, file: string, args: string[], env: Env): Promise<Process> {
    const started = await startProcess(name, file, args, { ...settings, ...env });
    processes.push(started);
    return started;
  }

  const scene: Scene = {
    database,
    people,
    processes,
    startApi: (env = {}) => start('api', 'src/processes/api.js', [], env),
    startWorker: (env = {}) => start('worker', 'jobs/worker.js', [], env),
    startScheduler: (env = {}) => start('scheduler', 'jobs/scheduler.js', [], env),
    startSigner: (env = {}) => start('signer', 'jobs/signer.js', [], env),
    startRelay: (env = {}) => start('relay', 'src/processes/relay.js', [], { RELAY_PORT: '0', ...env }),
    startEntry: (file, args = [], env = {}) => start(file, `test/faults/${file}.js`, args, env),
    openQueue: async (name) => {
      const installation = await readInstallationId(database.url, 'worker');
      const redis = useRedis(redisUrl, redisPrefix(installation));
      const queues = openQueues({
        openPool: (max) => openPool(database.url, 'queue', max, () => {}),
        redis,
        installation,
        onError: () => {},
        log: createLog('silent', 'test'),
      });
      opened.push({ queues, redis });
      await until('the queue is connected', () => queues.isConnected());
      return queues.queue(name);
    },
    openSessions: async (api, count) => {
      const made = await Promise.all(Array.from({ length: count }, () => openSession(api.url, people)));
      return made.map(({ session_id }) => session_id);
    },
  };
  return { scene, curtain };
}

/** Accepts a log entry without waiting for it. @returns its command id */
export async function acceptEntry(
  { people: { admin } }: Scene,
  { url }: Process,
  session_id: string,
  details: Json,
  event_type = 'ENTRY',
): Promise<string> {
  const entry = { event_type, details };
  const answer = await post(url, `/api/session/${session_id}/log`, admin, entry, { prefer: 'respond-async' });
  if (answer.status !== 202) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.command_id;
}

export async function commandState({ url }: Process, id: string): Promise<Json> {
  return (await get(url, `/api/command/${id}`, person('super_admin'))).body;
}

/** How long until everything accepted by now has its outcome, in milliseconds; also said aloud. */
export async function recoveryTime({ database: { pool } }: Scene, after: string, within_ms = 10_000): Promise<number> {
  const started = performance.now();
  const { rows } = await pool.query('select max(position) as last from commands');
  const text = `select from commands where status = 'accepted' and position <= $1 limit 1`;
  const isOver = async () => (await pool.query(text, [rows[0].last])).rowCount === 0;
  await until(`everything accepted has its outcome (${after})`, isOver, within_ms);
  const ms = Math.round(performance.now() - started);
  console.log(`recovered in ${ms} ms: ${after}`);
  return ms;
}
