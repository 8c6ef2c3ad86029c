/** Which matches are followed at this relay, and by which subscriptions. */
import type { Identity, Ticket } from '../../infra/tokens.ts';

/** Of one connection to one match. */
export interface SubscriptionTo {
  readonly match_id: string;
  readonly connection_id: string;
  identity(): Identity | Ticket;
  /** The match is out of its scope: it is followed no more, and the client is told. */
  dismiss(): void;
}

export interface FollowedMatches {
  add(subscription: SubscriptionTo): void;
  remove(subscription: SubscriptionTo): void;
  of(match_id: string): Iterable<SubscriptionTo>;
  match_ids(): string[];
  /** Subscriptions of all connections. */
  count(): number;
}

/** @param onChange one came or went */
export function createFollowedMatches(
  onChange: (subscription: SubscriptionTo, isFollowed: boolean) => void,
): FollowedMatches {
  const followed = new Map<string, Set<SubscriptionTo>>();
  let count = 0;

  function add(subscription: SubscriptionTo): void {
    const all = followed.get(subscription.match_id) ?? new Set();
    if (all.has(subscription)) return;
    followed.set(subscription.match_id, all.add(subscription));
    count += 1;
    onChange(subscription, true);
  }

  function remove(subscription: SubscriptionTo): void {
    const all = followed.get(subscription.match_id);
    if (!all?.delete(subscription)) return;
    if (all.size === 0) followed.delete(subscription.match_id);
    count -= 1;
    onChange(subscription, false);
  }

  return {
    add,
    remove,
    of: (match_id) => followed.get(match_id) ?? [],
    match_ids: () => [...followed.keys()],
    count: () => count,
  };
}
