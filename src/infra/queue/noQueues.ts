/** The queues of a process that asks nothing of them: whether the Redis beside it would do for others is known all the same. */
import type { OpenQueues } from './queue.ts';

export const openQueues: OpenQueues = ({ redis }) => ({
  queue: refuse,
  worker: refuse,
  run: refuse,
  isConnected: () => redis?.isConnected() ?? null,
  demandFit: async () => redis?.demandFit(),
  isFit: () => redis?.isFit() ?? true,
  close: async () => {},
});

function refuse(): never {
  throw new Error('This process has no queues.');
}
