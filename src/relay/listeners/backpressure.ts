/** The listeners of this relay that take less than there is for them: looked at every few seconds, and counted. */
import type { Guest } from './listeners.ts';

export interface Backpressure {
  /** Since this relay started: how often a listener was more events behind than it may be. */
  total_overflows: number;
  /** Listeners that take nothing at the moment while there is something for them. */
  active_queues: number;
  total_queued_messages: number;
  /** The longest of them. */
  max_queue_size: number;
}

const EVERY_MS = 5_000;

/** Ends those that took nothing for too long. @returns what ends the watch */
export function watchStalled(guests: () => Iterable<Guest>): () => void {
  const timer = setInterval(() => {
    for (const { visit } of guests()) visit?.inspect(performance.now());
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function backpressureOf(guests: Iterable<Guest>, total_overflows: number): Backpressure {
  const sum = { total_overflows, active_queues: 0, total_queued_messages: 0, max_queue_size: 0 };
  for (const { visit } of guests) {
    const queued = visit?.queued() ?? 0;
    if (queued === 0) continue;
    sum.active_queues += 1;
    sum.total_queued_messages += queued;
    sum.max_queue_size = Math.max(sum.max_queue_size, queued);
  }
  return sum;
}
