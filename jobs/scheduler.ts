/** The scheduler process: fires the timetable's ticks while it leads, until it is told to stop. */

import { endOnNewerSchema } from '../src/infra/postgres/schemaWatch.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { runProcess } from '../src/infra/process/runProcess.ts';
import { serveHealth } from '../src/infra/process/serveHealth.ts';
import { privateNames } from '../src/modules.ts';
import { startScheduler } from './ticks/startScheduler.ts';

const USUAL_METRICS_PORT = 9465;

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'scheduler', privateNames);
  await backbone.queues.demandFit();
  const scheduler = startScheduler(backbone);
  const health = await serveHealth(backbone, USUAL_METRICS_PORT);
  backbone.log.info({ metrics_port: health.port }, 'scheduler ready');
  return {
    log: backbone.log,
    steps: [
      endOnNewerSchema(scheduler.db, backbone.log),
      { name: 'readiness', run: () => health.drain() },
      { name: 'scheduler', run: () => scheduler.close() },
      { name: 'health', run: () => health.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
