/** The metrics of the queues: read when the metrics are asked for, as no process has to know of them in between. */
import type { Metrics } from '../telemetry/metrics.ts';
import type { Queues } from './queue.ts';
import { readQueues } from './queueStanding.ts';

export function measureQueues(queues: Queues, metrics: Metrics): void {
  metrics.whenAsked(async () => {
    for (const { name, oldest, ...counts } of await readQueues(queues)) {
      for (const [state, count] of Object.entries(counts)) {
        if (count === null) metrics.queueJobs.remove({ queue: name, state });
        else metrics.queueJobs.set({ queue: name, state }, count);
      }
      metrics.queueOldest.set({ queue: name }, oldest ?? 0);
    }
  });
}
