/** One connection from admission to its end: it joins its room, is heard, and is dismissed when its token expires. */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Admitted } from './admission.ts';
import type { ClientMessage } from './clientMessages.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { Inbound, type Said } from './inbound.ts';
import { CLOSE, dismiss, type Listener, TROUBLE } from './messages.ts';
import { Outlet, type Wire } from './outlet.ts';
import { Place } from './place.ts';
import type { Prepared } from './prepared.ts';
import type { Protocol } from './protocol.ts';
import { Snapshots } from './snapshots.ts';
import { TokenLife } from './tokenLife.ts';

/** What all visits of a relay share. */
export interface VisitOptions extends DeliveryOptions {
  rooms: Rooms;
  protocol: Protocol;
  tokens: Tokens;
  /** A listener further behind gets a snapshot; 0: nobody does. */
  maxReplay: number;
  metrics: Metrics;
  log: Log;
}

/** A connection of any kind, whatever it follows. */
export interface BareVisit {
  readonly outlet: Outlet;
  /** @param resume_ticket to come back with */
  start(resume_ticket: string): void;
  receive(said: Said): void;
  /** The kernel has all that was written. */
  onTaken(): void;
  /** Ends a connection that took nothing for too long. @param now by the monotonic clock */
  inspect(now: number): void;
  /** Warns of the end of its token, and ends it with that. @param now_ms by the wall clock */
  inspectToken(now_ms: number): void;
  /** How many messages wait, where the kernel takes none. */
  queued(): number;
  /** The connection is closed. */
  leave(): void;
}

/** For whom a visit is. */
export interface Visitor {
  readonly admitted: Admitted;
  /** It is to be sent away to come back, because it takes too little. */
  onSlow(): void;
  onEnd(): void;
}

/** So long a listener keeps what would have to be read again. */
const STALLED_MS = 5_000;
export const UNREAD_MS = 60_000;

export class Visit implements BareVisit {
  readonly room: Room;
  readonly outlet: Outlet;
  readonly place: Place;
  readonly acknowledgements: Acknowledgements;
  readonly #options: VisitOptions;
  readonly #visitor: Visitor;
  readonly #delivery: Delivery;
  readonly #snapshots: Snapshots;
  readonly #inbound: Inbound;
  readonly #tokenLife: TokenLife;
  /** Undefined when it has joined. */
  #joining: Promise<void> | undefined;
  #hasLeft = false;

  constructor(visitor: Visitor, wire: Wire, options: VisitOptions) {
    const { rooms, protocol, tokens, metrics } = options;
    this.#options = options;
    this.#visitor = visitor;
    this.room = rooms.acquire(visitor.admitted.session_id);
    this.outlet = new Outlet(wire, metrics, this);
    this.place = new Place(this.room, metrics);
    this.acknowledgements = new Acknowledgements(this.room, this.place, metrics);
    this.#delivery = new Delivery(this, options);
    this.#snapshots = new Snapshots(this.outlet, this.#delivery);
    this.#inbound = new Inbound(this.outlet, metrics);
    this.#tokenLife = new TokenLife(visitor.admitted, tokens, this.outlet, protocol.warns);
  }

  get person(): string {
    const { identity, guest } = this.#visitor.admitted;
    return guest ?? ('session_id' in identity ? identity.holder : identity.actor).id;
  }

  get listener(): Listener {
    return this.outlet;
  }

  start(resume_ticket: string): void {
    this.#joining = this.#join(resume_ticket).finally(() => {
      this.#joining = undefined;
    });
  }

  async #join(resume_ticket: string): Promise<void> {
    const { rooms, protocol, maxReplay, log } = this.#options;
    const { last_sequence, scope } = this.#visitor.admitted;
    try {
      const options = { rooms, last_sequence, maxReplay, resume_ticket, scope };
      await protocol.join(this.room, this.outlet, this.#delivery, options);
    } catch (err) {
      log.warn({ err, session_id: this.room.session_id }, 'listener failed to join');
      dismiss(this.outlet, CLOSE.draining, TROUBLE);
    }
  }

  receive(said: Said): void {
    const heard = this.#inbound.hear(said);
    if (heard === undefined) return;
    const { protocol, metrics } = this.#options;
    const message = protocol.read(heard);
    if (!message) {
      metrics.refusedMessages.inc({ reason: 'not_allowed' });
      this.outlet.send(protocol.notAllowed);
      return;
    }
    this.#whenJoined(() => {
      if (this.outlet.isOpen()) this.#answer(message);
    });
  }

  #answer(message: ClientMessage): void {
    const { type } = message;
    if (type === 'REAUTH') void this.#tokenLife.renew(message.token);
    if (type === 'ACK') this.acknowledgements.take(message.last_sequence);
    if (type === 'PING') this.outlet.owe('PONG', () => this.#options.protocol.pong(this.room));
    if (type === 'REQUEST_STATE') this.#snapshots.ask();
  }

  onTaken(): void {
    this.outlet.onTaken();
  }

  /** Nothing but events is left to be sent. */
  onFree(): void {
    this.#delivery.onFree();
  }

  onSlow(): void {
    this.#visitor.onSlow();
  }

  /** Tells what is not of the record, the latest of its kind to a listener that is busy. @returns false before it is welcome */
  tell(message: Prepared): boolean {
    if (this.outlet.isWelcome()) this.outlet.owe(message.type, () => message);
    return this.outlet.isWelcome();
  }

  inspect(now: number): void {
    const stalled_ms = this.outlet.takes() ? 0 : now - this.outlet.stalledSince();
    if (stalled_ms > STALLED_MS) this.place.forgetPage();
    if (stalled_ms > UNREAD_MS) this.onSlow();
  }

  inspectToken(now_ms: number): void {
    this.#tokenLife.inspect(now_ms);
  }

  /** How many events the room has for it that were not written yet, and the last that it acknowledged. */
  progress(): { lag: number; acked: number } {
    return { lag: this.place.behind(), acked: this.acknowledgements.acked() };
  }

  queued(): number {
    return this.outlet.takes() ? 0 : this.place.behind() + this.outlet.waiting();
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#snapshots.stop();
    this.#whenJoined(() => {
      this.#delivery.stop();
      this.#options.rooms.release(this.room);
    });
    this.#visitor.onEnd();
  }

  #whenJoined(then: () => void): void {
    if (this.#joining) void this.#joining.then(then);
    else then();
  }
}
