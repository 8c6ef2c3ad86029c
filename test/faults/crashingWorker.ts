/**
 * A worker that takes itself down: after SIGUSR2, the n-th time it reaches the moment that its arguments name.
 * `node crashingWorker.js <moment> <n> [signal]`
 */

import { startWorker } from '../../jobs/startWorker.ts';
import { openBackbone } from '../../src/infra/process/backbone.ts';
import { runProcess } from '../../src/infra/process/runProcess.ts';
import { privateNames } from '../../src/modules.ts';

const [moment, n, signal = 'SIGKILL'] = process.argv.slice(2);
let left = Number.POSITIVE_INFINITY;

process.on('SIGUSR2', () => {
  left = Number(n);
});

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'worker', privateNames);
  const worker = await startWorker(backbone, (point) => {
    if (point !== moment) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, signal);
  });
  backbone.log.info({ port: 0 }, 'worker ready');
  return {
    log: backbone.log,
    steps: [
      { name: 'worker', run: () => worker.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
