/** All subscriptions of one connection: so many, each to a match that its holder may see. What may not be seen is answered like what is not. */
import { isUuid } from '../../core/chain/ids.ts';
import type { Tier } from '../../infra/feeds/matchFanout.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Identity, Ticket } from '../../infra/tokens.ts';
import type { Outlet } from '../listeners/outlet.ts';
import type { FeedDelivery } from './feedDelivery.ts';
import { MOST_SUBSCRIPTIONS, prepareError } from './feedWords.ts';
import type { FollowedMatches } from './followedMatches.ts';
import type { MatchReaders } from './matchReaders.ts';
import type { MatchRooms } from './matchRooms.ts';
import { mayFollow } from './mayFollow.ts';
import { type Subscriber, Subscription } from './subscription.ts';

/** What all connections share. */
export interface SubscriptionsOptions {
  rooms: MatchRooms;
  readers: Pick<MatchReaders, 'find'>;
  followed: FollowedMatches;
  log: Log;
}

interface Client {
  readonly connection_id: string;
  identity(): Identity | Ticket;
  outlet: Outlet;
  delivery: FeedDelivery;
}

const TOO_MANY = `A connection follows at most ${MOST_SUBSCRIPTIONS} matches at once: unsubscribe from one first.`;
const NOT_FOUND = 'There is no such match.';
const UNAVAILABLE = 'The match cannot be read just now: subscribe again.';

export class Subscriptions implements Subscriber {
  readonly connection_id: string;
  readonly identity: Client['identity'];
  readonly delivery: FeedDelivery;
  readonly #outlet: Outlet;
  readonly #options: SubscriptionsOptions;
  readonly #all = new Map<string, Subscription>();

  constructor(client: Client, options: SubscriptionsOptions) {
    this.connection_id = client.connection_id;
    this.identity = client.identity;
    this.delivery = client.delivery;
    this.#outlet = client.outlet;
    this.#options = options;
  }

  list(): { match_id: string; tiers: Tier[] }[] {
    return [...this.#all.values()].map((one) => ({ match_id: one.match_id, tiers: one.tiers() }));
  }

  /** @returns whether it takes a place */
  subscribe(asked: string, tiers: readonly Tier[]): boolean {
    const match_id = asked.toLowerCase();
    const known = this.#all.get(match_id);
    const isFull = !known && this.#all.size >= MOST_SUBSCRIPTIONS;
    if (isFull) this.#refuse('too_many_subscriptions', TOO_MANY, asked);
    else void this.#follow(known ?? this.#add(match_id), tiers, asked);
    return !known && !isFull;
  }

  #add(match_id: string): Subscription {
    const subscription = new Subscription(match_id, this, this.#options.rooms);
    this.#all.set(match_id, subscription);
    return subscription;
  }

  async #follow(subscription: Subscription, tiers: readonly Tier[], asked: string): Promise<void> {
    const { readers, followed, log } = this.#options;
    const { match_id } = subscription;
    subscription.want(tiers);
    try {
      const found = isUuid(match_id) ? await readers.find(match_id) : undefined;
      if (subscription.isOver()) return;
      if (!found || !mayFollow(this.identity(), found.match))
        return this.#drop(subscription, 'not_found', NOT_FOUND, asked);
      followed.add(subscription);
      await subscription.follow();
    } catch (err) {
      log.warn({ err, match_id }, 'following a match failed');
      if (!subscription.isOver()) this.#drop(subscription, 'unavailable', UNAVAILABLE, asked);
    }
  }

  #drop(subscription: Subscription, code: string, detail: string, asked: string): void {
    this.#end(subscription);
    this.#refuse(code, detail, asked);
  }

  onOutOfScope(subscription: Subscription): void {
    this.#drop(subscription, 'not_found', NOT_FOUND, subscription.match_id);
  }

  #refuse(code: string, detail: string, match_id: string): void {
    this.#outlet.owe(`ERROR ${code} ${match_id}`, () => prepareError(code, detail, match_id));
  }

  unsubscribe(asked: string): void {
    const subscription = this.#all.get(asked.toLowerCase());
    if (subscription) this.#end(subscription);
  }

  endAll(): void {
    for (const subscription of this.#all.values()) this.#end(subscription);
  }

  #end(subscription: Subscription): void {
    this.#all.delete(subscription.match_id);
    subscription.end();
    this.#options.followed.remove(subscription);
  }
}
