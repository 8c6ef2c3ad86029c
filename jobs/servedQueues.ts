/** The queues that one worker serves: which functions answer their jobs, how many at once, and what it polls for besides. */
import type { Job, Processor, Worker } from 'bullmq';
import type { Queues } from '../src/infra/queue/queue.ts';
import type { JobQueue, ServedQueue } from '../src/infra/queue/queueNames.ts';
import { JOBS_AT_ONCE } from '../src/infra/queue/queueNames.ts';
import type { OverdueWork } from './overduePoll.ts';

export interface Served {
  answer(job: Job): Promise<unknown>;
  at_once: number;
  /** Found by polling where no doorbell rang for it. */
  watched?: readonly OverdueWork[];
}

export type Serving = Record<ServedQueue, Served>;

/** Those of timed jobs among them. */
export function jobQueuesOf(names: readonly ServedQueue[]): JobQueue[] {
  return names.filter((name): name is JobQueue => name in JOBS_AT_ONCE);
}

/** @returns one for each queue; none runs yet */
export function createWorkers(queues: Queues, names: readonly ServedQueue[], serving: Serving): Worker[] {
  return names.map((name) => {
    const { answer, at_once } = serving[name];
    return queues.worker(name, answer as Processor, { concurrency: at_once }) as Worker;
  });
}

/** Each once, though several queues are about it. */
export function watchedOf(names: readonly ServedQueue[], serving: Serving): OverdueWork[] {
  return [...new Set(names.flatMap((name) => serving[name].watched ?? []))];
}
