/**
 * The listeners of this process, whatever their transport: counted, given a seat where the roster names them, and sent
 * away when their session goes out of their scope or the process stops.
 */
import type { Scope } from '../../access/scope.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Identity, Ticket, Tokens } from '../../infra/tokens.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { type Admitted, mayListen, type Transport } from './admission.ts';
import { createDrain, sendAway } from './drain.ts';
import { type AnyGuest, createGuests, type Guest, type Guests } from './guests.ts';
import { CLOSE, type CloseCode, dismiss, type Message } from './messages.ts';
import type { ObservationLeases } from './observationLeases.ts';
import type { Wire } from './outlet.ts';
import type { Seats } from './presenceLeases.ts';
import { LIVE_PROTOCOL, type Protocol } from './protocol.ts';
import { bearerOf, type ConnectionTicket, type ResumeTickets } from './resumeTickets.ts';
import { type BareVisit, Visit, type Visitor } from './visit.ts';

export interface Listeners<V extends BareVisit = Visit> {
  enter(transport: Transport, admitted: Admitted, wire: Wire): V;
  /** All that are connected. */
  guests: Guests<Guest<V>>;
  isDraining(): boolean;
  /** Sessions with listeners; where it is given, only that of this assignment. */
  sessions(assignment_id?: string): string[];
  /**
   * The scope of these sessions as it is, where there is any: listeners that are out of it are dismissed. It was read
   * after the first `arrived` had been let in; later ones were let in on what may be newer.
   */
  review(session_ids: readonly string[], scopes: ReadonlyMap<string, Scope>, arrived: number): void;
  /** How many were ever let in. */
  arrived(): number;
  /** Sends all listeners away, to come back elsewhere, and lets no more in. @returns how many connections that closed */
  drain(): Promise<number>;
}

interface BaseOptions {
  /** Why a listener may stay no more; undefined where it may. */
  endOf?(scope: Scope | undefined, identity: Identity | Ticket): Ending | undefined;
  seats: Pick<Seats, 'take' | 'drain' | 'close'>;
  observations: Pick<ObservationLeases, 'note'>;
  tokens: Tokens;
  resumeTickets: Pick<ResumeTickets, 'issue'>;
  config: Config;
  metrics: Metrics;
}

export interface ListenersOptions extends BaseOptions {
  rooms: Rooms;
  /** That of sessions' records where there is none. */
  protocol?: Protocol;
  log: Log;
}

export interface VisitorsOptions<V extends BareVisit> extends BaseOptions {
  open(visitor: Visitor, wire: Wire): V;
  farewell: Protocol['farewell'];
}

/** How and why a connection is ended. */
export type Ending = readonly [CloseCode, Message];

export const GONE: Message = {
  type: 'ERROR',
  code: 'not_found',
  detail: 'This session is not in your scope any more.',
};
const REVOKED: Message = { type: 'ERROR', code: 'unauthenticated', detail: 'The token was revoked.' };

const TERMINATED: Message = {
  type: 'ERROR',
  code: 'session_terminated',
  detail: 'The login session was ended. Sign in again.',
};

/** What a guest has of the house. */
interface House<V extends BareVisit> extends Pick<VisitorsOptions<V>, 'open' | 'farewell'> {
  onEnd(guest: Guest<V>): void;
}

class Arrived<V extends BareVisit> implements Guest<V>, Visitor {
  readonly arrival: number;
  readonly transport: Transport;
  readonly admitted: Admitted;
  readonly ticket: ConnectionTicket;
  readonly visit: V;
  leaveSeat: Guest['leaveSeat'] = undefined;
  toldPresence: Guest['toldPresence'] = undefined;
  readonly #house: House<V>;

  constructor(
    arrival: number,
    transport: Transport,
    admitted: Admitted,
    ticket: ConnectionTicket,
    wire: Wire,
    house: House<V>,
  ) {
    this.arrival = arrival;
    this.transport = transport;
    this.admitted = admitted;
    this.ticket = ticket;
    this.#house = house;
    this.visit = house.open(this, wire);
  }

  onSlow(): void {
    void sendAway(this.visit.outlet, this.ticket, CLOSE.slow, this.#house.farewell);
  }

  onEnd(): void {
    this.#house.onEnd(this);
  }
}

/** Each in one room. */
export function createListeners(options: ListenersOptions): Listeners {
  const { rooms, tokens, config, metrics, log, protocol = LIVE_PROTOCOL } = options;
  const policy = { max: config.WS_MAX_QUEUE, action: config.WS_OVERFLOW_ACTION };
  const visits = { rooms, protocol, tokens, policy, maxReplay: config.WS_MAX_REPLAY, metrics, log };
  const open = (visitor: Visitor, wire: Wire) => new Visit(visitor, wire, visits);
  return createVisitors({ ...options, open, farewell: protocol.farewell });
}

/** Whatever each of them follows. */
export function createVisitors<V extends BareVisit>(options: VisitorsOptions<V>): Listeners<V> {
  const { open, farewell, endOf = endOutOfScope } = options;
  const { seats, observations, tokens, resumeTickets, config, metrics } = options;
  const guests = createGuests<Guest<V>>();
  const draining = createDrain({ guests, farewell, grace_seconds: config.SHUTDOWN_GRACE_SECONDS });
  tokens.onRevoked(() => endRevoked(guests.all(), tokens));
  let arrivals = 0;

  function enter(transport: Transport, admitted: Admitted, wire: Wire): V {
    arrivals += 1;
    const ticket = resumeTickets.issue(bearerOf(admitted.identity, admitted.session_id));
    const guest = new Arrived(arrivals, transport, admitted, ticket, wire, { open, farewell, onEnd });
    guests.add(guest);
    assignSeat(seats, guest, admitted.scope);
    observations.note(admitted);
    metrics.connections.inc({ transport });
    // Between its verification and now it may have been revoked.
    endRevoked([guest], tokens);
    draining.onEnter(guest);
    guest.visit.start(ticket.current());
    return guest.visit;
  }

  function onEnd(guest: Guest<V>): void {
    guests.remove(guest);
    guest.leaveSeat?.();
    observations.note(guest.admitted);
    guest.ticket.release();
    metrics.connections.dec({ transport: guest.transport });
    draining.onLeave();
  }

  function review(session_ids: readonly string[], scopes: ReadonlyMap<string, Scope>, arrived: number): void {
    for (const session_id of session_ids) {
      const scope = scopes.get(session_id);
      for (const guest of guests.of(session_id)) if (guest.arrival <= arrived) reviewOne(guest, scope);
    }
  }

  function reviewOne(guest: Guest<V>, scope: Scope | undefined): void {
    const ending = endOf(scope, guest.admitted.identity);
    if (ending === undefined) assignSeat(seats, guest, scope!);
    else {
      guest.ticket.revoke();
      dismiss(guest.visit.outlet, ...ending);
    }
  }

  async function drain(): Promise<number> {
    seats.drain();
    const closed = await draining.run();
    seats.close();
    return closed;
  }

  return {
    enter,
    guests,
    arrived: () => arrivals,
    isDraining: draining.isUnderWay,
    sessions: (assignment_id) => sessionsOf(guests, assignment_id),
    review,
    drain,
  };
}

function endOutOfScope(scope: Scope | undefined, identity: Identity | Ticket): Ending | undefined {
  return scope && mayListen(scope, identity) ? undefined : [CLOSE.scope, GONE];
}

/** For good: they have no right to come back. */
function endRevoked(guests: Iterable<AnyGuest>, tokens: Tokens): void {
  for (const { admitted, ticket, visit } of guests) {
    if (!tokens.isRevoked(admitted.identity)) continue;
    ticket.revoke();
    dismiss(visit.outlet, CLOSE.token, tokens.isTerminated(admitted.identity) ? TERMINATED : REVOKED);
  }
}

/** Only people of the roster have a seat, and take it unless they said otherwise; the holder of a ticket looks on. */
function assignSeat(seats: Seats, guest: AnyGuest, scope: Scope): void {
  const { identity, session_id, seat } = guest.admitted;
  const hasSeat = seat && !('session_id' in identity) && scope.roster.has(identity.actor.id);
  if (hasSeat) guest.leaveSeat ??= seats.take({ session_id, user_id: identity.actor.id });
  else {
    guest.leaveSeat?.();
    guest.leaveSeat = undefined;
  }
}

/** The scope of a session is the same to all who listen. */
function sessionsOf(guests: Pick<Guests<AnyGuest>, 'sessions' | 'of'>, assignment_id: string | undefined): string[] {
  if (assignment_id === undefined) return guests.sessions();
  return guests.sessions().filter((session_id) => {
    const [first] = guests.of(session_id);
    return first?.admitted.scope.assignment_id === assignment_id;
  });
}
