/** The worker process: applies commands and runs jobs until it is told to stop. */
import { bareApp } from '../src/http/app.ts';
import { healthRoutes } from '../src/http/health.ts';
import { createExpressServer } from '../src/http/server.ts';
import { openBackbone } from '../src/infra/backbone.ts';
import { closeServer, listen } from '../src/infra/listen.ts';
import { startProbe } from '../src/infra/probe.ts';
import { runProcess } from '../src/infra/run.ts';
import { startWatchdog } from '../src/infra/watchdog.ts';
import { startWorker } from './startWorker.ts';

const USUAL_METRICS_PORT = 9464;

await runProcess('separate', async (config) => {
  const backbone = openBackbone(config, config.DATABASE_URL!, 'worker');
  const { log, metrics, isRedisConnected } = backbone;
  const watchdog = startWatchdog('worker');
  const worker = await startWorker(backbone, undefined, watchdog.watch);
  const { isFit: isQueueFit } = backbone.queues;
  const probe = await startProbe({ db: worker.db, metrics, isRedisConnected, connections: () => 0, isQueueFit });
  const server = createExpressServer(bareApp(config.TRUSTED_PROXIES).use(healthRoutes(probe, metrics)));
  const port = await listen(server, config.HOST, config.METRICS_PORT, USUAL_METRICS_PORT);
  log.info({ metrics_port: port }, 'worker ready');
  return {
    log,
    steps: [
      { name: 'readiness', run: () => probe.drain() },
      { name: 'worker', run: () => worker.close() },
      { name: 'metrics', run: () => closeServer(server) },
      { name: 'probe', run: () => probe.close() },
      { name: 'backbone', run: () => backbone.close() },
      { name: 'watchdog', run: () => watchdog.close() },
    ],
  };
});
