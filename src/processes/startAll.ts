/** All roles in this one process, on one port: the embedded mode, and `npm start` on whatever databases are given. */

import { startSigner } from '../../jobs/log/signer.ts';
import { timetable as wholeTimetable } from '../../jobs/schedule.ts';
import { startWorker } from '../../jobs/startWorker.ts';
import { startScheduler } from '../../jobs/ticks/startScheduler.ts';
import { migrate } from '../../migrations/migrate.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { serveMetrics } from '../http/operations/serveMetrics.ts';
import { createExpressServer } from '../http/server.ts';
import { startApi } from '../http/startApi.ts';
import { openLimiter } from '../infra/limiter/openLimiter.ts';
import { claimDatabase } from '../infra/postgres/databaseClaim.ts';
import { type Backbone, openBackbone } from '../infra/process/backbone.ts';
import type { Config } from '../infra/process/config.ts';
import { addressOf, closeServer, listen } from '../infra/process/httpServer.ts';
import type { Started } from '../infra/process/runProcess.ts';
import { type Step, stopInOrder } from '../infra/process/shutdown.ts';
import type { Watch } from '../infra/process/watchdog.ts';
import { createLog } from '../infra/telemetry/log.ts';
import type { Trial } from '../infra/trial.ts';
import { privateNames } from '../modules.ts';
import { createRelay, type Relay } from '../relay/relay.ts';

const USUAL_PORT = 3000;
const USUAL_METRICS_PORT = 9466;
const RELAY_POOL_SIZE = 4;

export interface StartOptions {
  timetable?: typeof wholeTimetable;
  /** Told which command is being decided. */
  watch?: Watch;
  /** The code of the first look round, where one is offered. */
  trial?: Trial | undefined;
  /** Told what takes long. */
  say?: (line: string) => void;
  /** Once it is aborted nothing more is started. */
  stop?: AbortSignal;
}

/**
 * @param databaseUrl a database this process may migrate
 * @throws when it cannot start; what had been started by then is stopped again
 */
export async function startAll(
  config: Config,
  databaseUrl: string,
  secret: string | undefined,
  { timetable = wholeTimetable, watch, stop, trial, say }: StartOptions = {},
): Promise<Started & { port: number; backbone: Backbone; db: Queryable }> {
  const log = createLog(config.LOG_LEVEL, 'all', { privateNames });
  const claim = await claimDatabase(databaseUrl, config.REDIS_URL === undefined ? 'alone' : 'together', { log });
  const steps: Step[] = [{ name: 'claim', run: () => claim.release() }];
  try {
    await migrate(databaseUrl, { rolePrefix: config.DB_ROLE_PREFIX, ...(say && { say }) });
    stop?.throwIfAborted();
    const backbone = await openBackbone(config, databaseUrl, 'all', privateNames);
    steps.unshift({ name: 'backbone', run: () => backbone.close() });
    const { heartbeat } = backbone;
    const pool = backbone.openPool('relay', RELAY_POOL_SIZE);
    steps.unshift({ name: 'relay pool', run: () => pool.end() });
    const worker = await startWorker(backbone, undefined, watch);
    steps.unshift({ name: 'worker', run: () => worker.close() });
    stop?.throwIfAborted();
    let relay: Relay | undefined;
    const api = await startApi(backbone, secret, () => relay?.connections() ?? 0, trial);
    steps.unshift({ name: 'api', run: () => api.close() });
    stop?.throwIfAborted();
    const limiter = await openLimiter(backbone);
    steps.unshift({ name: 'limiter', run: () => limiter.close() });
    relay = createRelay({ ...backbone, pool, tokens: api.tokens, shared: secret, limiter });
    const apart = await serveMetrics(backbone, USUAL_METRICS_PORT);
    steps.unshift({ name: 'metrics', run: () => apart?.close() });
    const server = createExpressServer(api.app);
    relay.attach(server);
    await heartbeat.join('relay');
    const port = await listen(server, config.HOST, config.PORT, USUAL_PORT);
    steps.unshift(
      { name: 'readiness', run: () => api.drain() },
      { name: 'listeners', run: () => relay.close() },
      { name: 'http', run: () => closeServer(server) },
    );
    await claim.tell(addressOf(config.HOST, port));
    const signer = await startSigner(backbone);
    steps.unshift({ name: 'signer', run: () => signer.close() });
    const scheduler = startScheduler(backbone, { timetable });
    steps.unshift({ name: 'scheduler', run: () => scheduler.close() });
    // From now on health shows all processes.
    await heartbeat.join('scheduler');
    return { port, backbone, db: worker.db, log, steps };
  } catch (error) {
    await stopInOrder(steps, log);
    throw error;
  }
}
