/**
 * Plearoll as a test uses it, on either kind: `embedded` is all roles in one, `distributed` two of each on Redis. Real
 * servers on free ports, inside the test's process.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { inject } from 'vitest';
import { startSigner } from '../../jobs/log/signer.ts';
import type { Line } from '../../jobs/schedule.ts';
import { startWorker } from '../../jobs/startWorker.ts';
import { startScheduler } from '../../jobs/ticks/startScheduler.ts';
import { createExpressServer } from '../../src/http/server.ts';
import { type Api, startApi } from '../../src/http/startApi.ts';
import { openLimiter } from '../../src/infra/limiter/openLimiter.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readInstallationId } from '../../src/infra/postgres/installation.ts';
import { assembleBackbone, type Backbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import { openQueues } from '../../src/infra/queue/queue.ts';
import { privateNames } from '../../src/modules.ts';
import { startAll } from '../../src/processes/startAll.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
import { SECRET } from './secret.ts';

export type Kind = 'embedded' | 'distributed';

export { SECRET };

/** Tests on Redis are left out, and the run says so, where there is none. */
export const kind = (process.env.TEST_KIND ?? 'embedded') as Kind;
export const isLeftOut = kind === 'distributed' && inject('redisUrl') === null;

export interface Stack {
  /** Base URLs of the APIs and of the relays; with `embedded` there is one for both. */
  apis: string[];
  relays: string[];
  url: string;
  relayUrl: string;
  database: TestDatabase;
  pool: pg.Pool;
  backbones: Backbone[];
  /** Where the files are. */
  blobFolder: string;
  /** Nobody applies commands until they are started again. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param timetable empty unless it is the subject: no job comes between a test and what it looks at
 * @param instances of API and relay, where it is distributed
 */
export async function startStack(
  env: Record<string, string> = {},
  redisUrl = inject('redisUrl'),
  timetable: readonly Line[] = [],
  instances = 2,
): Promise<Stack> {
  const database = await cloneDatabase();
  const blobFolder = mkdtempSync(join(tmpdir(), 'plearoll-blobs-'));
  const home = mkdtempSync(join(tmpdir(), 'plearoll-home-'));
  const settings = {
    DATABASE_URL: database.url,
    JWT_SECRET: SECRET,
    LOG_LEVEL: 'error',
    PORT: '0',
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    RATE_LIMIT_OBJECTIONS_PER_MINUTE: '0',
    GUARD_MAX_KEYS: '0',
    WS_MAX_CONNECTIONS_PER_USER: '0',
    WS_MAX_CONNECTIONS_PER_IP: '0',
    BLOB_DIR: blobFolder,
    PLEAROLL_HOME: home,
    ...env,
  };
  const running =
    kind === 'embedded'
      ? await startEmbedded(settings, timetable)
      : await startDistributed(settings, redisUrl!, timetable, instances);
  const { apis, relays, backbones, workers } = running;
  return {
    apis,
    relays,
    url: apis[0]!,
    relayUrl: relays[0]!,
    database,
    pool: database.pool,
    backbones,
    blobFolder,
    async stopWorkers() {
      for (const worker of workers) await worker.close();
    },
    async startWorkers() {
      for (const worker of workers) worker.close = (await startWorker(worker.backbone)).close;
    },
    async stop() {
      for (const step of running.steps) await step();
      await database.drop();
      for (const folder of [blobFolder, home]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Parts {
  apis: string[];
  relays: string[];
  backbones: Backbone[];
  workers: { backbone: Backbone; close(): Promise<unknown> | unknown }[];
  steps: (() => Promise<unknown> | unknown)[];
}

async function startEmbedded(env: Record<string, string>, timetable: readonly Line[]): Promise<Parts> {
  const started = await startAll(readConfig(env, 'all'), env.DATABASE_URL!, SECRET, { timetable });
  const url = `http://127.0.0.1:${started.port}`;
  const { backbone, steps } = started;
  const worker = { backbone, close: steps.find(({ name }) => name === 'worker')!.run };
  const runs = steps.map(({ name, run }) => (name === 'worker' ? () => worker.close() : run));
  return { apis: [url], relays: [url], backbones: [backbone], workers: [worker], steps: runs };
}

async function startDistributed(
  env: Record<string, string>,
  redisUrl: string,
  timetable: readonly Line[],
  instances: number,
): Promise<Parts> {
  const config = readConfig({ ...env, REDIS_URL: redisUrl }, 'separate');
  const installation = await readInstallationId(env.DATABASE_URL!, 'worker');
  const backbones: Backbone[] = [];
  const open = (name: string) => {
    const backbone = assembleBackbone(config, env.DATABASE_URL!, name, privateNames, installation, openQueues);
    backbones.push(backbone);
    return backbone;
  };
  const workers = await Promise.all(
    [1, 2].map(async (n) => {
      const backbone = open(`worker-${n}`);
      return { backbone, close: (await startWorker(backbone)).close };
    }),
  );
  const signer = await startSigner(open('signer'));
  const schedulers = [1, 2].map((n) => startScheduler(open(`scheduler-${n}`), { timetable }));
  const numbers = Array.from({ length: instances }, (_, i) => i + 1);
  const apis = await Promise.all(numbers.map(async (n) => serveApi(await startApi(open(`api-${n}`), SECRET))));
  const relays = await Promise.all(numbers.map((n) => serveRelay(open(`relay-${n}`), apis[0]!.api)));
  return {
    apis: apis.map(({ url }) => url),
    relays: relays.map(({ url }) => url),
    backbones,
    workers,
    steps: [
      ...relays.map(({ close }) => close),
      ...apis.map(
        ({ server }) =>
          () =>
            closeServer(server),
      ),
      ...apis.map(({ api }) => api.close),
      ...schedulers.map((scheduler) => scheduler.close),
      signer.close,
      ...workers.map((worker) => () => worker.close()),
      ...backbones.map((backbone) => backbone.close),
    ],
  };
}

async function serveApi(api: Api): Promise<{ api: Api; server: Server; url: string }> {
  const server = createExpressServer(api.app);
  const port = await listen(server, '127.0.0.1', 0, 0);
  return { api, server, url: `http://127.0.0.1:${port}` };
}

async function serveRelay(backbone: Backbone, { tokens }: Api) {
  const { heartbeat, onError, databaseUrl } = backbone;
  const pool = openPool(databaseUrl, 'relay', 4, onError);
  const limiter = await openLimiter(backbone);
  const relay = createRelay({ ...backbone, pool, tokens, shared: SECRET, limiter });
  const server = createServer((_req, res) => void res.writeHead(404).end());
  relay.attach(server);
  await heartbeat.join('relay');
  const port = await listen(server, '127.0.0.1', 0, 0);
  const close = async () => {
    await relay.close();
    limiter.close();
    await closeServer(server);
    await pool.end();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
