/** The scheduler process: fires the timetable's ticks while it leads, until it is told to stop. */

import { bareApp } from '../src/http/app.ts';
import { healthRoutes } from '../src/http/health.ts';
import { createExpressServer } from '../src/http/server.ts';
import { openBackbone } from '../src/infra/backbone.ts';
import { closeServer, listen } from '../src/infra/listen.ts';
import { startProbe } from '../src/infra/probe.ts';
import { runProcess } from '../src/infra/run.ts';
import { startScheduler } from './startScheduler.ts';

const USUAL_METRICS_PORT = 9465;

await runProcess('separate', async (config) => {
  const backbone = openBackbone(config, config.DATABASE_URL!, 'scheduler');
  const { log, metrics, isRedisConnected } = backbone;
  const scheduler = startScheduler(backbone);
  const probe = await startProbe({ db: scheduler.db, metrics, isRedisConnected, connections: () => 0 });
  const server = createExpressServer(bareApp(config.TRUSTED_PROXIES).use(healthRoutes(probe, metrics)));
  const port = await listen(server, config.HOST, config.METRICS_PORT, USUAL_METRICS_PORT);
  log.info({ metrics_port: port }, 'scheduler ready');
  return {
    log,
    steps: [
      { name: 'readiness', run: () => probe.drain() },
      { name: 'scheduler', run: () => scheduler.close() },
      { name: 'metrics', run: () => closeServer(server) },
      { name: 'probe', run: () => probe.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
