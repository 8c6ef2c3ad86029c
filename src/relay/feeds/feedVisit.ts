/** One connection to the feeds, from admission to its end: it follows matches as it likes, and says now and then that it is there. */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { FeedClientMessage, FeedState } from '../../live/feedMessages.ts';
import { Inbound, type Said } from '../listeners/inbound.ts';
import type { Message } from '../listeners/messages.ts';
import { Outlet, type Wire } from '../listeners/outlet.ts';
import type { Prepared } from '../listeners/prepared.ts';
import { TokenLife } from '../listeners/tokenLife.ts';
import { type BareVisit, UNREAD_MS, type Visitor } from '../listeners/visit.ts';
import { FeedDelivery } from './feedDelivery.ts';
import { MOST_SUBSCRIPTIONS, NOT_ALLOWED, prepareError, prepareFeed, readFeedMessage } from './feedWords.ts';
import { type Beats, Heartbeat } from './heartbeat.ts';
import { Subscriptions, type SubscriptionsOptions } from './subscriptions.ts';

/** What all visits of a relay share. */
export interface FeedVisitOptions extends SubscriptionsOptions {
  tokens: Tokens;
  beats: Beats;
  metrics: Metrics;
}

const now = () => new Date().toISOString();

export class FeedVisit implements BareVisit {
  readonly outlet: Outlet;
  readonly #visitor: Visitor;
  readonly #metrics: Metrics;
  readonly #delivery: FeedDelivery;
  readonly #subscriptions: Subscriptions;
  readonly #inbound: Inbound;
  readonly #tokenLife: TokenLife;
  readonly #heartbeat: Heartbeat;
  #resume_ticket = '';
  /** Subscriptions that were not counted as messages: all that a board follows it may ask for at once. */
  #excused = 0;
  #hasLeft = false;

  constructor(visitor: Visitor, wire: Wire, options: FeedVisitOptions) {
    const { tokens, beats, metrics } = options;
    const { admitted } = visitor;
    this.#visitor = visitor;
    this.#metrics = metrics;
    this.outlet = new Outlet(wire, metrics, this, (message) => this.#inWords(message));
    this.#delivery = new FeedDelivery(this.outlet, metrics, () => visitor.onSlow());
    const client = {
      ...{ connection_id: admitted.connection_id, identity: () => admitted.identity },
      ...{ outlet: this.outlet, delivery: this.#delivery },
    };
    this.#subscriptions = new Subscriptions(client, options);
    this.#inbound = new Inbound(this.outlet, metrics);
    this.#tokenLife = new TokenLife(admitted, tokens, this.outlet);
    this.#heartbeat = new Heartbeat(beats);
  }

  start(resume_ticket: string): void {
    this.#resume_ticket = resume_ticket;
    if (this.outlet.isOpen()) this.outlet.welcome([prepareFeed(this.#state())]);
  }

  receive(said: Said): void {
    this.#heartbeat.hear();
    const heard = this.#inbound.hear(said);
    if (heard === undefined) return;
    const message = readFeedMessage(heard);
    if (message) this.#answer(message);
    else {
      this.#metrics.refusedMessages.inc({ reason: 'not_allowed' });
      this.outlet.owe('ERROR message_not_allowed', () => NOT_ALLOWED);
    }
  }

  #answer(message: FeedClientMessage): void {
    const { type } = message;
    if (type === 'subscribe') this.#subscribe(message);
    if (type === 'unsubscribe') {
      this.#subscriptions.unsubscribe(message.match_id);
      this.outlet.owe('state', () => prepareFeed(this.#state()));
    }
    if (type === 'ping') this.outlet.owe('pong', () => prepareFeed({ type: 'pong', timestamp: now() }));
    if (type === 'REAUTH') void this.#tokenLife.renew(message.token);
  }

  #subscribe({ match_id, tiers }: FeedClientMessage & { type: 'subscribe' }): void {
    const takesPlace = this.#subscriptions.subscribe(match_id, tiers);
    if (!takesPlace || this.#excused === MOST_SUBSCRIPTIONS) return;
    this.#excused += 1;
    this.#inbound.excuse();
  }

  #state(more: Partial<FeedState> = {}): FeedState {
    return {
      type: 'state',
      state: 'open',
      subscriptions: this.#subscriptions.list(),
      most_subscriptions: MOST_SUBSCRIPTIONS,
      resume_ticket: this.#resume_ticket,
      reconnect_in_ms: null,
      ...more,
    };
  }

  /** What is said in all kinds of rooms. */
  #inWords(message: Message): Prepared {
    if (message.type === 'ERROR') return prepareError(message.code, message.detail);
    if (message.type === 'DRAIN') {
      const { reconnect_in_ms, resume_ticket } = message;
      return prepareFeed(this.#state({ state: 'draining', reconnect_in_ms, resume_ticket }));
    }
    return { type: message.type, text: JSON.stringify(message) };
  }

  onTaken(): void {
    this.outlet.onTaken();
  }

  /** Nothing but changes is left to be sent. */
  onFree(): void {
    this.#delivery.onFree();
  }

  inspect(now: number): void {
    if (!this.outlet.takes() && now - this.outlet.stalledSince() > UNREAD_MS) this.#visitor.onSlow();
  }

  inspectToken(now_ms: number): void {
    this.#tokenLife.inspect(now_ms);
    const beat = this.#heartbeat.check();
    if (beat === 'end') this.#visitor.onSlow();
    if (beat === 'ask') this.outlet.owe('ping', () => this.#ask());
  }

  #ask(): Prepared {
    this.#heartbeat.ask();
    return prepareFeed({ type: 'ping' });
  }

  queued(): number {
    return this.outlet.takes() ? 0 : this.#delivery.waiting() + this.outlet.waiting();
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#subscriptions.endAll();
    this.#visitor.onEnd();
  }
}
