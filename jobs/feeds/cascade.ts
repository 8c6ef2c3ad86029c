/**
 * Of several feeds that tell of the same round one is asked for all boards that follow it with any of them; the others are
 * asked as if nobody looked on, so that what they say can still be compared. The one is the first in their order that does
 * well, the most followed before those that are older, and stays for a minute (src/feeds/pace/cascade.ts).
 */
import { groupBy } from '../../src/core/groupBy.ts';
import { TIERS } from '../../src/feeds/matches/match.ts';
import { type Candidate, choose, type Pin } from '../../src/feeds/pace/cascade.ts';
import type { Target } from './polls.ts';

export type Source = Target & Pick<Candidate, 'breaker'>;

export interface Cascade {
  /** @param names of the rounds: those of one name are the same. @param now this machine's clock, in milliseconds */
  share(sources: readonly Source[], names: readonly string[], now: number): Target[];
  /** Another leader may have chosen since. */
  forget(): void;
}

export function createCascade(): Cascade {
  let pins = new Map<string, Pin>();

  function share(sources: readonly Source[], names: readonly string[], now: number): Target[] {
    const before = pins;
    pins = new Map();
    const shares = new Map<Source, NonNullable<Target['shares']>>();
    const named = sources.map((source, i) => ({ source, name: names[i]! }));
    for (const [name, all] of groupBy(named, (one) => one.name)) {
      const same = all.map(({ source }) => source).toSorted((one, other) => other.subscriptions - one.subscriptions);
      for (const tier of TIERS) {
        const able = same.filter(({ tiers }) => tiers.includes(tier));
        const key = `${name}-${tier}`;
        const pin = able.length > 1 ? choose(able, before.get(key), now) : undefined;
        if (pin === undefined) continue;
        pins.set(key, pin);
        for (const source of able) shares.set(source, { ...shares.get(source), [tier]: shareOf(source, pin, able) });
      }
    }
    return sources.map((source) => {
      const { breaker: _, ...target } = source;
      const own = shares.get(source);
      return own ? { ...target, shares: own } : target;
    });
  }

  return {
    share,
    forget() {
      pins = new Map();
    },
  };
}

function shareOf({ feed_id }: Source, pin: Pin, same: readonly Source[]): number {
  return feed_id === pin.feed_id ? same.reduce((sum, { subscriptions }) => sum + subscriptions, 0) : 0;
}
