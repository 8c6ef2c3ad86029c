/** Health and metrics of a process that answers nothing else. */

import { POLL_POOL_SIZE } from '../../infra/postgres/boundedRead.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import { closeServer, listen } from '../../infra/process/httpServer.ts';
import { startProbe } from '../../infra/telemetry/probe.ts';
import { bareApp } from '../app.ts';
import { createExpressServer } from '../server.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metricsRoutes.ts';

export interface HealthServer {
  port: number;
  /** From now on not ready. */
  drain(): void;
  close(): Promise<void>;
}

/** @param usual the port where the settings name none; another where it is taken */
export async function serveHealth(backbone: Backbone, usual: number): Promise<HealthServer> {
  const { config, postgres, metrics, isRedisConnected, queues, heartbeat } = backbone;
  const pool = backbone.openPool('worker', POLL_POOL_SIZE);
  const probe = await startProbe({
    pool,
    postgres,
    metrics,
    isRedisConnected,
    connections: () => 0,
    processes: heartbeat.alive,
    isQueueFit: queues.isFit,
  });
  const app = bareApp(config.TRUSTED_PROXIES).use(healthRoutes(probe), metricsRoutes(metrics, 'open'));
  const server = createExpressServer(app);
  const port = await listen(server, config.HOST, config.METRICS_PORT, usual);
  return {
    port,
    drain: probe.drain,
    async close() {
      await closeServer(server);
      probe.close();
      await pool.end();
    },
  };
}
