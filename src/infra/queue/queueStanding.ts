/**
 * What is in each queue just now, and how long the oldest that nobody has begun waits: for operators, and to scale workers on.
 * While the queues do not answer their figures are null.
 */
import type { Job, Queue } from 'bullmq';
import { withTimeout } from '../../core/withTimeout.ts';
import { timings } from '../timings.ts';
import type { Queues } from './queue.ts';
import { QUEUE_NAMES, type QueueName } from './queueNames.ts';

export interface QueueStanding {
  name: QueueName;
  /** Null, as all of the others, where the queue does not answer. */
  waiting: number | null;
  active: number | null;
  /** Due later: a deadline, or the next attempt. */
  delayed: number | null;
  failed: number | null;
  /** Seconds since the oldest of those that wait was rung for; null where none waits. */
  oldest: number | null;
}

const NOTHING = { waiting: null, active: null, delayed: null, failed: null, oldest: null };

export function readQueues(queues: Queues): Promise<QueueStanding[]> {
  return Promise.all(
    QUEUE_NAMES.map((name) => readQueue(name, queues.queue(name)).catch(() => ({ name, ...NOTHING }))),
  );
}

/** @throws where it does not answer soon */
async function readQueue(name: QueueName, queue: Queue): Promise<QueueStanding> {
  const asked = Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
    // The lists that jobs are taken from end with the oldest.
    queue.getJobs(['waiting', 'prioritized'], 0, 0, true) as Promise<(Job | undefined)[]>,
  ]);
  const [counts, oldest] = await withTimeout(asked, timings.queue.asked_within_ms, 'the queue does not answer');
  const since = Math.min(...oldest.flatMap((job) => job?.timestamp ?? []));
  return {
    name,
    waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0),
    active: counts.active ?? 0,
    delayed: counts.delayed ?? 0,
    failed: counts.failed ?? 0,
    oldest: Number.isFinite(since) ? Math.max(0, Math.round((Date.now() - since) / 1_000)) : null,
  };
}
