/**
 * When there is too much waiting in the inbox for the door to stay open, and when there is room again. What was
 * accepted is never dropped; who would only wait in vain is told so instead.
 */

/** How the inbox stands. */
export interface Backlog {
  /** Commands without an outcome. */
  pending: number;
  oldest_pending_seconds: number;
}

/**
 * 10,000 commands are some seconds of work for one worker: who is accepted behind them still has the outcome within the
 * usual wait. A minute is twice the longest that anybody may wait for an outcome, and more than a poisonous command needs
 * to die of its three attempts: older than that, nobody is applying anything.
 */
export const SHUT_AT: Backlog = { pending: 10_000, oldest_pending_seconds: 60 };

/** Half of it, so that the door is not opened for a moment and shut again. */
export const OPEN_BELOW: Backlog = { pending: 5_000, oldest_pending_seconds: 30 };

/** What a refused sender is asked to wait: a few samples of the backlog, and a few thousand commands. */
export const RETRY_AFTER_SECONDS = 5;

/** @param isShut how the door stands; it shuts at the one bound and opens below the other */
export function isTooMuch({ pending, oldest_pending_seconds }: Backlog, isShut: boolean): boolean {
  const bound = isShut ? OPEN_BELOW : SHUT_AT;
  return pending >= bound.pending || oldest_pending_seconds >= bound.oldest_pending_seconds;
}
