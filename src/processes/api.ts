/** The API process: answers HTTP until it is told to stop. */

import { serveMetrics } from '../http/operations/serveMetrics.ts';
import { createExpressServer } from '../http/server.ts';
import { startApi } from '../http/startApi.ts';
import { unreadyOnNewerSchema } from '../infra/postgres/schemaWatch.ts';
import { openBackbone } from '../infra/process/backbone.ts';
import { closeServer, listen } from '../infra/process/httpServer.ts';
import { runProcess } from '../infra/process/runProcess.ts';
import { privateNames } from '../modules.ts';

const USUAL_PORT = 3000;
const USUAL_METRICS_PORT = 9466;

await runProcess({ role: 'door', verifiesTokens: true, keysVisitors: true }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'api', privateNames, 'door');
  const api = await startApi(backbone, config.JWT_SECRET);
  const server = createExpressServer(api.app);
  const port = await listen(server, config.HOST, config.PORT, USUAL_PORT);
  const apart = await serveMetrics(backbone, USUAL_METRICS_PORT);
  backbone.log.info({ metrics_port: apart?.port, port }, 'api ready');
  return {
    log: backbone.log,
    steps: [
      unreadyOnNewerSchema(api.db, backbone.log, api.probe.drain),
      { name: 'readiness', run: () => api.drain() },
      { name: 'http', run: () => closeServer(server) },
      { name: 'metrics', run: () => apart?.close() },
      { name: 'api', run: () => api.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
