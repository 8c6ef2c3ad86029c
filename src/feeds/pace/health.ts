/** How well a provider does, in basis points: 10,000 is as well as can be. Integers alone. */

/** A request that came back, or did not. `limited` is a 429. */
export interface Sample {
  at: number;
  latency_ms: number;
  outcome: 'ok' | 'limited' | 'failed';
}

export const HEALTH = {
  window_ms: 300_000,
  samples: 500,
  /** Nobody has asked yet. */
  unknown: 8_000,
  /** Below it another provider is chosen. */
  threshold: 4_000,
} as const;

const WHOLE = 10_000;
const WEIGHTS = { errors: 40, latency: 25, limits: 20, staleness: 15 } as const;
const WORST = { latency_ms: 5_000, limits: 10, staleness_ms: 10_000 } as const;

/** The samples that count. @param samples in the order of their times */
export function countedSamples(samples: readonly Sample[], now: number): Sample[] {
  return samples.filter(({ at }) => at > now - HEALTH.window_ms).slice(-HEALTH.samples);
}

/** @returns 0 to 10,000 */
export function healthOf(samples: readonly Sample[], now: number): number {
  const counted = countedSamples(samples, now);
  if (counted.length === 0) return HEALTH.unknown;
  const failed = counted.filter(({ outcome }) => outcome === 'failed').length;
  const limited = counted.filter(({ outcome }) => outcome === 'limited').length;
  const latency = counted.reduce((sum, { latency_ms }) => sum + latency_ms, 0);
  const last = counted.findLast(({ outcome }) => outcome === 'ok');
  const staleness_ms = last === undefined ? WORST.staleness_ms : Math.max(0, now - last.at);
  const weighed =
    WEIGHTS.errors * less(failed, counted.length) +
    WEIGHTS.latency * less(latency, counted.length * WORST.latency_ms) +
    WEIGHTS.limits * less(limited, WORST.limits) +
    WEIGHTS.staleness * less(staleness_ms, WORST.staleness_ms);
  return Math.floor(weighed / 100);
}

/** The whole less a part of it. */
function less(part: number, whole: number): number {
  return WHOLE - Math.floor((Math.min(part, whole) * WHOLE) / whole);
}
