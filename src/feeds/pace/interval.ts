/**
 * How long until a round is asked for again: shorter while something happens and people look on, longer where the provider
 * suffers or its quota runs out. Integers alone: the same in every process.
 */
import { sha256 } from '../../core/chain/sha256.ts';
import type { Phase } from '../providers/provider.ts';

export type Tier = 0 | 1 | 2;

export interface Demanded {
  phase: Phase;
  tier: Tier;
  subscriptions: number;
  /** In basis points. */
  health: number;
  /** How much of the quota's window is spent, in basis points. */
  quota_used: number;
}

const WHOLE = 10_000;
const BASE_MS: Record<Phase, number> = {
  live: 5_000,
  scoring: 5_000,
  break: 15_000,
  suspended: 20_000,
  pre_match: 60_000,
  scheduled: 120_000,
  finished: 300_000,
  postponed: 300_000,
  cancelled: 300_000,
};
const TIERS: Record<Tier, number> = { 0: 10_000, 1: 15_000, 2: 30_000 };
const WITHOUT_DEMAND = 30_000;
const SCARCE = 7_000;
const NEARLY_SPENT = 9_000;
export const INTERVAL = { least_ms: 1_000, most_ms: 120_000, jitter: 1_500 } as const;

/** In milliseconds, before jitter. */
export function intervalOf({ phase, tier, subscriptions, health, quota_used }: Demanded): number {
  const factors = [TIERS[tier], demandFactor(subscriptions), healthFactor(health), quotaFactor(quota_used)];
  const interval = factors.reduce((ms, factor) => Math.floor((ms * factor) / WHOLE), BASE_MS[phase]);
  return Math.min(INTERVAL.most_ms, Math.max(INTERVAL.least_ms, interval));
}

/** Which part is added or taken away, in basis points: from -1500 to 1500, spread over keys and ticks. */
export function jitterOf(key: string, tier: Tier, tick: number): number {
  const drawn = Number.parseInt(sha256(`${key} ${tier} ${tick}`).slice(0, 8), 16);
  return (drawn % (2 * INTERVAL.jitter + 1)) - INTERVAL.jitter;
}

export function withJitter(interval_ms: number, jitter: number): number {
  return Math.floor((interval_ms * (WHOLE + jitter)) / WHOLE);
}

/** 1 / (1 + ln(1 + subscriptions)). */
function demandFactor(subscriptions: number): number {
  if (subscriptions <= 0) return WITHOUT_DEMAND;
  return Math.floor((WHOLE * WHOLE) / (WHOLE + lnOf(1 + subscriptions)));
}

function healthFactor(health: number): number {
  return WHOLE + 2 * (WHOLE - health);
}

function quotaFactor(used: number): number {
  if (used > NEARLY_SPENT) return 2 * WHOLE;
  return used > SCARCE ? WHOLE + 5 * (used - SCARCE) : WHOLE;
}

const ONE = 2 ** 25;
/** In hundred-millionths. */
const LN_2 = 69_314_718;
const BITS = 16;

/**
 * The natural logarithm of a whole number, in ten thousandths and less than one of them too small. By squaring: floating
 * point rounds as each engine likes.
 */
export function lnOf(value: number): number {
  const whole = 31 - Math.clz32(value);
  let rest = whole > 25 ? Math.floor(value / 2 ** (whole - 25)) : value * 2 ** (25 - whole);
  let bits = 0;
  for (let bit = 0; bit < BITS; bit += 1) {
    rest = Math.floor((rest * rest) / ONE);
    bits *= 2;
    if (rest < 2 * ONE) continue;
    rest = Math.floor(rest / 2);
    bits += 1;
  }
  return Math.floor(((whole * 2 ** BITS + bits) * LN_2) / (2 ** BITS * WHOLE));
}
