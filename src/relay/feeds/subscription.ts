/**
 * One connection's subscription to one match: its tiers, each in the room of it. A tier is followed from its snapshot on,
 * which is taken and begun with in one step, so that no change falls between the two.
 */
import type { Tier } from '../../infra/feeds/matchFanout.ts';
import type { Identity, Ticket } from '../../infra/tokens.ts';
import type { Batch } from '../listeners/prepared.ts';
import type { FeedDelivery, Followed } from './feedDelivery.ts';
import type { SubscriptionTo } from './followedMatches.ts';
import type { Follower, MatchRoom } from './matchRoom.ts';
import type { MatchRooms } from './matchRooms.ts';

export interface Subscriber {
  readonly connection_id: string;
  identity(): Identity | Ticket;
  delivery: FeedDelivery;
  onOutOfScope(subscription: Subscription): void;
}

/** One tier of it. */
class TierFollower implements Followed, Follower {
  readonly room: MatchRoom;
  readonly #delivery: FeedDelivery;

  constructor(room: MatchRoom, delivery: FeedDelivery) {
    this.room = room;
    this.#delivery = delivery;
    room.add(this);
    delivery.begin(this);
  }

  first() {
    return this.room.first();
  }

  tell(change: Batch): void {
    this.#delivery.tell(this, change);
  }

  begin(): void {
    this.#delivery.begin(this);
  }

  end(): void {
    this.room.remove(this);
    this.#delivery.end(this);
  }
}

export class Subscription implements SubscriptionTo {
  readonly match_id: string;
  readonly #subscriber: Subscriber;
  readonly #rooms: MatchRooms;
  readonly #followers = new Map<Tier, TierFollower>();
  #wanted = new Set<Tier>();
  #isOver = false;

  constructor(match_id: string, subscriber: Subscriber, rooms: MatchRooms) {
    this.match_id = match_id;
    this.#subscriber = subscriber;
    this.#rooms = rooms;
  }

  get connection_id(): string {
    return this.#subscriber.connection_id;
  }

  identity(): Identity | Ticket {
    return this.#subscriber.identity();
  }

  dismiss(): void {
    if (!this.#isOver) this.#subscriber.onOutOfScope(this);
  }

  isOver(): boolean {
    return this.#isOver;
  }

  tiers(): Tier[] {
    return [...this.#wanted].sort();
  }

  want(tiers: readonly Tier[]): void {
    this.#wanted = new Set(tiers);
  }

  /** Follows the tiers that are wanted, and no others; those that were followed already begin again. @throws where one cannot be read */
  async follow(): Promise<void> {
    for (const [tier, follower] of this.#followers) {
      if (this.#wanted.has(tier)) follower.begin();
      else this.#leave(tier, follower);
    }
    await Promise.all(this.tiers().map((tier) => this.#enter(tier)));
  }

  async #enter(tier: Tier): Promise<void> {
    if (this.#followers.has(tier)) return;
    const room = this.#rooms.acquire(this.match_id, tier);
    try {
      await room.open();
    } catch (fault) {
      this.#rooms.release(room);
      throw fault;
    }
    // Meanwhile it may have been asked for again, or no more.
    if (this.#isOver || !this.#wanted.has(tier) || this.#followers.has(tier)) this.#rooms.release(room);
    else this.#followers.set(tier, new TierFollower(room, this.#subscriber.delivery));
  }

  #leave(tier: Tier, follower: TierFollower): void {
    this.#followers.delete(tier);
    follower.end();
    this.#rooms.release(follower.room);
  }

  end(): void {
    this.#isOver = true;
    for (const [tier, follower] of this.#followers) this.#leave(tier, follower);
  }
}
