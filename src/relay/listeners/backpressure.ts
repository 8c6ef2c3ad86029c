/** The listeners of this relay that take less than there is for them: looked at every few seconds, and counted. */
import type { AnyGuest, Guests } from './guests.ts';

export interface Backpressure {
  /** Since this relay started: how often a listener was more events behind than it may be. */
  total_overflows: number;
  /** Listeners that take nothing at the moment while there is something for them. */
  active_queues: number;
  total_queued_messages: number;
  /** The longest of them. */
  max_queue_size: number;
}

const STALLED_EVERY_MS = 5_000;
const TOKENS_EVERY_MS = 500;

/** Ends those that took nothing for too long, and those whose token has ended. @returns what ends the watch */
export function watchGuests(guests: Pick<Guests<AnyGuest>, 'all'>): () => void {
  const timers = [
    setInterval(() => {
      for (const { visit } of guests.all()) visit.inspect(performance.now());
    }, STALLED_EVERY_MS),
    setInterval(() => {
      const now_ms = Date.now();
      for (const { visit } of guests.all()) visit.inspectToken(now_ms);
    }, TOKENS_EVERY_MS),
  ];
  for (const timer of timers) timer.unref();
  return () => timers.forEach(clearInterval);
}

export function backpressureOf(guests: Iterable<AnyGuest>, total_overflows: number): Backpressure {
  const sum = { total_overflows, active_queues: 0, total_queued_messages: 0, max_queue_size: 0 };
  for (const { visit } of guests) {
    const queued = visit.queued();
    if (queued === 0) continue;
    sum.active_queues += 1;
    sum.total_queued_messages += queued;
    sum.max_queue_size = Math.max(sum.max_queue_size, queued);
  }
  return sum;
}
