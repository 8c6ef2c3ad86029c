/** Adds what the leader asks for to queue `default`, and heaps nothing up there while no worker takes it. */
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';

interface Options {
  queues: Pick<Queues, 'queue'>;
  metrics: Pick<Metrics, 'feedPolls'>;
  log: Log;
}

interface Asked {
  name: string;
  data: object;
  opts: { jobId: string };
}

/** In the queue, whatever they are: with what is due until the next look at it. */
const MOST_WAITING = 5_000;

export function createAsking({ queues, metrics, log }: Options) {
  let isFull = false;

  async function look(): Promise<void> {
    const waiting = await queues.queue('default').getWaitingCount();
    const wasFull = isFull;
    isFull = waiting >= MOST_WAITING;
    if (isFull && !wasFull)
      log.warn({ queue: 'default', waiting }, 'too many jobs wait for workers; no polls are added');
  }

  /** @returns false where none was added: each is asked for again */
  async function add(jobs: Asked[]): Promise<boolean> {
    if (isFull) metrics.feedPolls.inc({ outcome: 'full' }, jobs.length);
    else if (jobs.length > 0) await queues.queue('default').addBulk(jobs);
    return !isFull;
  }

  return { look, add };
}
