/** How many requests a feed has in a minute: fixed windows, as the sites count them. */

export interface Quota {
  /** When its window began. */
  since: number;
  used: number;
}

export const QUOTA = { window_ms: 60_000, tabbycat: 60, others: 60 } as const;

const WHOLE = 10_000;

/** @returns the quota with one more request, or how long to wait */
export function takeQuota(quota: Quota | undefined, most: number, now: number): { quota: Quota; waits_ms: number } {
  const current = quotaNow(quota, now);
  if (current.used < most) return { quota: { ...current, used: current.used + 1 }, waits_ms: 0 };
  return { quota: current, waits_ms: current.since + QUOTA.window_ms - now };
}

/** How much of it is spent, in basis points. */
export function quotaOf(quota: Quota | undefined, most: number, now: number): number {
  return Math.min(WHOLE, Math.floor((quotaNow(quota, now).used * WHOLE) / most));
}

/** A window that is over, or that a clock set back has put into the future, is a new one. */
export function quotaNow(quota: Quota | undefined, now: number): Quota {
  const isOver = quota === undefined || quota.since > now || now - quota.since >= QUOTA.window_ms;
  return isOver ? { since: now, used: 0 } : quota;
}
