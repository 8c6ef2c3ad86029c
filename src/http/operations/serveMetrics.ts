/**
 * Metrics of a process whose other port is public, on a port of their own: where METRICS_PORT says so, and where they
 * would be nowhere else.
 */
import type { Backbone } from '../../infra/process/backbone.ts';
import { closeServer, listen, tellOfOtherPort } from '../../infra/process/httpServer.ts';
import { bareApp } from '../bareApp.ts';
import { answerProblems, answerUnknownPath } from '../problems.ts';
import { createExpressServer } from '../server.ts';
import { metricsAccess, metricsRoutes } from './metricsRoutes.ts';

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

export async function serveMetrics(backbone: Backbone, usual: number): Promise<MetricsServer | undefined> {
  const { config, metrics, log } = backbone;
  if (config.METRICS_PORT === undefined && metricsAccess(config) !== 'closed') return undefined;
  const app = bareApp(config);
  app.use(metricsRoutes(metrics, 'open'), answerUnknownPath, answerProblems(log));
  const server = createExpressServer(app);
  const port = await listen(server, config.HOST, config.METRICS_PORT, usual);
  tellOfOtherPort(log, config.METRICS_PORT, usual, port);
  return { port, close: () => closeServer(server) };
}
