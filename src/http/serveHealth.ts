/** Health and metrics of a process that answers nothing else. */
import type { Backbone } from '../infra/backbone.ts';
import { closeServer, listen } from '../infra/listen.ts';
import { LOOKS_POOL_SIZE } from '../infra/look.ts';
import { startProbe } from '../infra/probe.ts';
import { bareApp } from './app.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metricsRoutes.ts';
import { createExpressServer } from './server.ts';

export interface HealthServer {
  port: number;
  /** From now on not ready. */
  drain(): void;
  close(): Promise<void>;
}

/** @param usual the port where the settings name none; another where it is taken */
export async function serveHealth(backbone: Backbone, usual: number): Promise<HealthServer> {
  const { config, postgres, metrics, isRedisConnected, queues, heartbeat } = backbone;
  const pool = backbone.openPool('worker', LOOKS_POOL_SIZE);
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
