/** Which of several sources of one match is asked: the first in their order that does well, and the same for a minute. */
import type { Breaker } from './breaker.ts';
import { HEALTH } from './health.ts';

export interface Candidate {
  feed_id: string;
  health: number;
  breaker: Breaker['is'];
}

export interface Pin {
  feed_id: string;
  until: number;
}

export const PINNED_MS = 60_000;

/**
 * @param candidates in the order of the cascade
 * @param pin what was chosen last
 * @returns undefined where the breakers of all are open
 */
export function choose(candidates: readonly Candidate[], pin: Pin | undefined, now: number): Pin | undefined {
  const able = candidates.filter(({ breaker }) => breaker !== 'open');
  const isKept = pin !== undefined && pin.until > now && able.some(({ feed_id }) => feed_id === pin.feed_id);
  // A clock that was set back must not pin for longer.
  if (isKept) return { ...pin, until: Math.min(pin.until, now + PINNED_MS) };
  const chosen = able.find(({ health }) => health >= HEALTH.threshold) ?? able[0];
  return chosen && { feed_id: chosen.feed_id, until: now + PINNED_MS };
}
