/** The API process: answers HTTP until it is told to stop. */
import { createExpressServer } from './http/server.ts';
import { startApi } from './http/startApi.ts';
import { openBackbone } from './infra/backbone.ts';
import { closeServer, listen } from './infra/listen.ts';
import { runProcess } from './infra/run.ts';

const USUAL_PORT = 3000;

await runProcess({ role: 'door', verifiesTokens: true }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'api', 'door');
  const api = await startApi(backbone, config.JWT_SECRET, () => 0);
  const server = createExpressServer(api.app);
  const port = await listen(server, config.HOST, config.PORT, USUAL_PORT);
  backbone.log.info({ port }, 'api ready');
  return {
    log: backbone.log,
    steps: [
      { name: 'readiness', run: () => api.drain() },
      { name: 'http', run: () => closeServer(server) },
      { name: 'api', run: () => api.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
