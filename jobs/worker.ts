/** The worker process: applies commands and runs jobs until it is told to stop. */

import { endOnNewerSchema } from '../src/infra/postgres/schemaWatch.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { runProcess } from '../src/infra/process/runProcess.ts';
import { serveHealth } from '../src/infra/process/serveHealth.ts';
import { startWatchdog } from '../src/infra/process/watchdog.ts';
import { privateNames } from '../src/modules.ts';
import { startWorker } from './startWorker.ts';

const USUAL_METRICS_PORT = 9464;

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'worker', privateNames);
  const watchdog = startWatchdog('worker');
  const worker = await startWorker(backbone, undefined, watchdog.watch);
  const health = await serveHealth(backbone, USUAL_METRICS_PORT);
  backbone.log.info({ metrics_port: health.port }, 'worker ready');
  return {
    log: backbone.log,
    steps: [
      endOnNewerSchema(worker.db, backbone.log),
      { name: 'readiness', run: () => health.drain() },
      { name: 'worker', run: () => worker.close() },
      { name: 'health', run: () => health.close() },
      { name: 'backbone', run: () => backbone.close() },
      { name: 'watchdog', run: () => watchdog.close() },
    ],
  };
});
