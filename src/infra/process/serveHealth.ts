/** Health and metrics of a process that answers nothing else. */
import { POLL_POOL_SIZE } from '../postgres/boundedRead.ts';
import type { Backbone } from './backbone.ts';
import { closeServer, listen, tellOfOtherPort } from './httpServer.ts';
import { createHealthServer } from './plainHealth.ts';
import { startProcessProbe } from './processProbe.ts';

export interface HealthServer {
  port: number;
  /** From now on not ready. */
  drain(): void;
  close(): Promise<void>;
}

/** @param usual the port where the settings name none; another where it is taken */
export async function serveHealth(backbone: Backbone, usual: number): Promise<HealthServer> {
  const { config, metrics, log } = backbone;
  const pool = backbone.openPool('worker', POLL_POOL_SIZE);
  const probe = await startProcessProbe(backbone, { pool });
  const server = createHealthServer(probe, metrics, (err) => log.error({ err }, 'request failed'));
  const port = await listen(server, config.HOST, config.METRICS_PORT, usual);
  tellOfOtherPort(log, config.METRICS_PORT, usual, port);
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
