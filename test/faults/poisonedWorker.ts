/**
 * A worker whose `session.log` obeys `details.poison`: `throw` faults the decision, `kill` takes the process down,
 * `hang` never comes to an end, `tell` faults it with all that it was given as the reason.
 */

import { startWorker } from '../../jobs/startWorker.ts';
import type { Mutation } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { serveMetrics } from '../../src/http/operations/serveMetrics.ts';
import { openBackbone } from '../../src/infra/process/backbone.ts';
import { runProcess } from '../../src/infra/process/runProcess.ts';
import { startWatchdog } from '../../src/infra/process/watchdog.ts';
import { catalog, privateNames } from '../../src/modules.ts';

const name = 'session.log';
const honest = catalog.commands.get(name)!;
const poisoned: Mutation = {
  ...honest,
  decide(states, command, fact) {
    const { poison } = (command.input as { details: JsonObject }).details;
    if (poison === 'throw') throw new Error('poison \u0000 in the decision');
    if (poison === 'tell') throw new Error(JSON.stringify(command));
    if (poison === 'kill') process.kill(process.pid, 'SIGKILL');
    // As a loop does, but for the core that a loop would take from others.
    if (poison === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return honest.decide(states, command, fact);
  },
};
(catalog.commands as Map<string, Mutation>).set(name, poisoned);

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'worker', privateNames);
  const watchdog = startWatchdog('worker');
  const worker = await startWorker(backbone, undefined, watchdog.watch);
  const apart = await serveMetrics(backbone, 0);
  backbone.log.info({ port: apart?.port ?? 0 }, 'worker ready');
  return {
    log: backbone.log,
    steps: [
      { name: 'metrics', run: () => apart?.close() },
      { name: 'worker', run: () => worker.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
