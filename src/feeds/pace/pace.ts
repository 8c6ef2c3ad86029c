/**
 * How each feed does, shared by all processes: its breaker, the requests of its minute, and the samples that its health is
 * made of. Every request enters here before it leaves, and says afterwards what became of it.
 */
import { OutboundError } from '../../core/definitions/outbound.ts';
import type { SharedStates } from '../../core/definitions/sharedStates.ts';
import { BREAKER, type Breaker, breakerNow, CLOSED, enterBreaker, leaveBreaker } from './breaker.ts';
import { countedSamples, HEALTH, healthOf, type Sample } from './health.ts';
import { QUOTA, type Quota, quotaNow, quotaOf, takeQuota } from './quota.ts';

/** As short as can be: it is written at every request. */
interface PaceState {
  breaker: Breaker;
  quota?: Quota;
  /** When, how long it took, and what came of it. */
  samples: [at: number, latency_ms: number, outcome: number][];
}

export interface FeedPace {
  /** In basis points. */
  health: number;
  breaker: Breaker['is'];
  quota: { limit: number; used: number };
  /** How much of the quota is spent, in basis points. */
  quota_used: number;
}

export interface Pace {
  /** @param limit requests of a minute @throws OutboundError `breaker_open` or `quota_spent` */
  enter(feed_id: string, limit: number): Promise<void>;
  /** What became of it. `failed`: the server is to blame, or cannot be reached. */
  leave(feed_id: string, sample: Omit<Sample, 'at'>): Promise<void>;
  read(feeds: readonly { feed_id: string; limit: number }[]): Promise<FeedPace[]>;
}

interface Refusal {
  code: 'breaker_open' | 'quota_spent';
  retry_after_ms: number;
}

const OUTCOMES = ['ok', 'limited', 'failed'] as const;
const TTL_MS = HEALTH.window_ms + BREAKER.open_ms + QUOTA.window_ms;
const EMPTY: PaceState = { breaker: CLOSED, samples: [] };
const keyOf = (feed_id: string) => `feeds:pace:${feed_id}`;

export function createPace(states: SharedStates): Pace {
  return {
    async enter(feed_id, limit) {
      const refusal = await states.change(keyOf(feed_id), TTL_MS, (state: PaceState = EMPTY, now) =>
        entering(state, limit, now),
      );
      if (refusal !== undefined) throw new OutboundError(refusal.code, refusal);
    },
    leave: (feed_id, sample) =>
      states.change(keyOf(feed_id), TTL_MS, (state: PaceState = EMPTY, now) => ({
        state: leaving(state, { ...sample, at: now }),
        answer: undefined,
      })),
    async read(feeds) {
      const { now, states: read } = await states.read<PaceState>(feeds.map(({ feed_id }) => keyOf(feed_id)));
      return feeds.map(({ limit }, i) => paceOf(read[i] ?? EMPTY, limit, now));
    },
  };
}

/** A request that the quota refuses is no probe, and one that the breaker refuses is not counted. */
function entering(state: PaceState, limit: number, now: number): { state: PaceState; answer: Refusal | undefined } {
  const spent = takeQuota(state.quota, limit, now);
  const entered = enterBreaker(state.breaker, now);
  if (entered.waits_ms > 0) return { state, answer: { code: 'breaker_open', retry_after_ms: entered.waits_ms } };
  if (spent.waits_ms > 0) return { state, answer: { code: 'quota_spent', retry_after_ms: spent.waits_ms } };
  return { state: { ...state, breaker: entered.breaker, quota: spent.quota }, answer: undefined };
}

function leaving(state: PaceState, sample: Sample): PaceState {
  const { at, outcome } = sample;
  const kept = countedSamples([...samplesOf(state), sample], at);
  return {
    ...state,
    breaker: leaveBreaker(state.breaker, outcome === 'failed', at),
    samples: kept.map((one) => [one.at, one.latency_ms, OUTCOMES.indexOf(one.outcome)]),
  };
}

function paceOf(state: PaceState, limit: number, now: number): FeedPace {
  return {
    health: healthOf(samplesOf(state), now),
    breaker: breakerNow(state.breaker, now),
    quota: { limit, used: quotaNow(state.quota, now).used },
    quota_used: quotaOf(state.quota, limit, now),
  };
}

function samplesOf({ samples }: PaceState): Sample[] {
  return samples.map(([at, latency_ms, outcome]) => ({ at, latency_ms, outcome: OUTCOMES[outcome] ?? 'failed' }));
}
