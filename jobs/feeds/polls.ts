/** Which rounds of which feeds are to be asked about at a tick, by how much happens in them and how many look on. Pure. */
import { OVER, PHASES, type Phase, type Tier, UNDER_WAY } from '../../src/feeds/matches/match.ts';
import { intervalOf, jitterOf, withJitter } from '../../src/feeds/pace/interval.ts';

/** A round of a feed of which something may still be heard. */
export interface Target {
  feed_id: string;
  round: number;
  /** Of its matches. */
  phases: readonly Phase[];
  /** Beside 0 those that its provider has. */
  tiers: readonly Tier[];
  /** Boards that follow its matches. */
  subscriptions: number;
  /** By tier, where other feeds speak of the same matches: the boards of all of them where this one is asked for all, else none. */
  shares?: Partial<Record<Tier, number>>;
  /** In basis points. */
  health: number;
  quota_used: number;
}

export interface Poll {
  feed_id: string;
  round: number;
  tier: Tier;
  tick: number;
}

/** In which order phases ask for haste. */
const HASTE: readonly Phase[] = [...UNDER_WAY, 'pre_match', 'scheduled', ...OVER];

/** The one of its matches' phases that asks for most haste. */
export function hottest(phases: readonly Phase[]): Phase {
  return HASTE.find((phase) => phases.includes(phase)) ?? PHASES[0];
}

export const keyOf = ({ feed_id, round, tier }: Omit<Poll, 'tick'>) => `${feed_id}-${round}-${tier}`;

/** BullMQ's id of a poll's job, from however many schedulers that hold the term. A later leader's is another: that of the one before is dropped. */
export const pollId = (poll: Poll & { term: number }) => `poll-${keyOf(poll)}-${poll.tick}-${poll.term}`;

/** Polls of a feed that begin together. What is due beside them begins at the next tick, that which is due longest first. */
const MOST_BEGUN = 4;

/**
 * @param due when each is asked again, in ticks; changed by it. A round that is new is asked at once
 * @param tick_ms the length of a tick
 */
export function planPolls(targets: readonly Target[], due: Map<string, number>, tick: number, tick_ms: number): Poll[] {
  const polls = targets.flatMap(({ tiers, ...target }) => {
    const phase = hottest(target.phases);
    const asked = UNDER_WAY.includes(phase) ? tiers : tiers.filter((tier) => tier === 0);
    return asked.map((tier) => {
      const subscriptions = target.shares?.[tier] ?? target.subscriptions;
      return { ...target, subscriptions, phase, tier, key: keyOf({ ...target, tier }) };
    });
  });
  const wanted = new Set(polls.map(({ key }) => key));
  for (const key of due.keys()) if (!wanted.has(key)) due.delete(key);
  const dueOf = ({ key }: { key: string }) => due.get(key) ?? tick;
  const begun = new Map<string, number>();
  return polls
    .toSorted((a, b) => dueOf(a) - dueOf(b))
    .flatMap((poll) => {
      const { feed_id, round, tier, key } = poll;
      const interval_ms = withJitter(intervalOf(poll), jitterOf(key, tier, tick));
      const next = due.get(key);
      // What is followed since by more, or has begun, is asked sooner than was planned.
      const latest = tick + Math.max(1, Math.round(interval_ms / tick_ms));
      if (next !== undefined && next > tick) {
        if (next > latest) due.set(key, latest);
        return [];
      }
      const others = begun.get(feed_id) ?? 0;
      due.set(key, others < MOST_BEGUN ? latest : (next ?? tick));
      if (others === MOST_BEGUN) return [];
      begun.set(feed_id, others + 1);
      return [{ feed_id, round, tier, tick }];
    });
}
