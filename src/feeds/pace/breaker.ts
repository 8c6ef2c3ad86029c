/**
 * A circuit breaker's decisions. After five failures in a row a server is left alone for a minute; then one request probes
 * it, whose success closes the breaker and whose failure opens it anew. A probe that never came back is free after as long.
 */
export type Breaker =
  | { is: 'closed'; failures: number }
  | { is: 'open'; since: number }
  | { is: 'half_open'; probed_at: number };

export const BREAKER = { failures: 5, open_ms: 60_000 } as const;
export const CLOSED: Breaker = { is: 'closed', failures: 0 };

/** @returns the breaker with the request on its way, or how long to wait */
export function enterBreaker(breaker: Breaker, now: number): { breaker: Breaker; waits_ms: number } {
  if (breaker.is === 'closed') return { breaker, waits_ms: 0 };
  // A clock that was set back must not keep it open for as long.
  const since = Math.min(breaker.is === 'open' ? breaker.since : breaker.probed_at, now);
  const waits_ms = since + BREAKER.open_ms - now;
  if (waits_ms <= 0) return { breaker: { is: 'half_open', probed_at: now }, waits_ms: 0 };
  const kept: Breaker = breaker.is === 'open' ? { is: 'open', since } : { is: 'half_open', probed_at: since };
  return { breaker: kept, waits_ms };
}

/** After a request that came back. While it is open these are answers from before. */
export function leaveBreaker(breaker: Breaker, failed: boolean, now: number): Breaker {
  if (breaker.is === 'open') return breaker;
  if (!failed) return CLOSED;
  const failures = breaker.is === 'closed' ? breaker.failures + 1 : BREAKER.failures;
  return failures < BREAKER.failures ? { is: 'closed', failures } : { is: 'open', since: now };
}

/** As it is shown: open until a request may probe. */
export function breakerNow(breaker: Breaker, now: number): Breaker['is'] {
  const isOver = breaker.is === 'open' && now - breaker.since >= BREAKER.open_ms;
  return isOver ? 'half_open' : breaker.is;
}
