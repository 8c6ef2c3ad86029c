/**
 * The listeners of this process, whatever their transport: counted, given a seat where the roster names them, and sent
 * away when their session goes out of their scope or the process stops.
 */
import type { Scope } from '../../access/scope.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { type Admitted, mayListen, type Transport } from './admission.ts';
import { createDrain, sendAway } from './drain.ts';
import { CLOSE, dismiss, type Listener, type Message } from './messages.ts';
import type { ObservationLeases } from './observationLeases.ts';
import type { Wire } from './outlet.ts';
import type { Prepared } from './prepared.ts';
import type { Seats } from './presenceLeases.ts';
import { bearerOf, type ConnectionTicket, type ResumeTickets } from './resumeTickets.ts';
import { startVisit, type Visit } from './visit.ts';

export interface Listeners {
  enter(transport: Transport, admitted: Admitted, wire: Wire): Visit;
  count(): number;
  /** All that are connected. */
  guests(): Iterable<Guest>;
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

export interface ListenersOptions {
  rooms: Rooms;
  seats: Seats;
  observations: Pick<ObservationLeases, 'note'>;
  tokens: Tokens;
  resumeTickets: Pick<ResumeTickets, 'issue'>;
  config: Config;
  metrics: Metrics;
  log: Log;
}

const GONE: Message = { type: 'ERROR', code: 'not_found', detail: 'This session is not in your scope any more.' };
const REVOKED: Message = { type: 'ERROR', code: 'unauthenticated', detail: 'The token was revoked.' };

/** A listener with what it was let in for. */
export interface Guest {
  /** Which arrival it was, from 1. */
  arrival: number;
  transport: Transport;
  admitted: Admitted;
  ticket: ConnectionTicket;
  /** Gives up the seat, where it has one. */
  leaveSeat: (() => void) | undefined;
  /** Undefined while it is made. */
  visit: Visit | undefined;
  /** The latest that it was told of presence. */
  toldPresence: Prepared | undefined;
}

export function createListeners(options: ListenersOptions): Listeners {
  const { rooms, seats, observations, tokens, resumeTickets, config, metrics, log } = options;
  const present = new Map<Listener, Guest>();
  const draining = createDrain({ present, grace_seconds: config.SHUTDOWN_GRACE_SECONDS });
  tokens.onRevoked(() => endRevoked(present, tokens));
  let arrivals = 0;

  function enter(transport: Transport, admitted: Admitted, wire: Wire): Visit {
    arrivals += 1;
    const ticket = resumeTickets.issue(bearerOf(admitted.identity, admitted.session_id));
    const guest: Guest = {
      ...{ arrival: arrivals, transport, admitted, ticket, leaveSeat: undefined, toldPresence: undefined },
      visit: undefined,
    };
    const onSlow = (listener: Listener) => void sendAway(listener, ticket, CLOSE.slow);
    const told = { resume_ticket: ticket.current(), config };
    guest.visit = startVisit(admitted, wire, { rooms, tokens, ...told, metrics, log, onStart, onSlow, onEnd });
    return guest.visit;

    function onStart(listener: Listener): void {
      present.set(listener, guest);
      assignSeat(seats, guest, admitted.scope);
      observations.note(admitted);
      metrics.connections.inc({ transport });
      // Between its verification and now it may have been revoked.
      endRevoked([[listener, guest]], tokens);
      draining.onEnter(listener, ticket);
    }

    function onEnd(listener: Listener): void {
      present.delete(listener);
      guest.leaveSeat?.();
      observations.note(admitted);
      ticket.release();
      metrics.connections.dec({ transport });
      draining.onLeave();
    }
  }

  function review(session_ids: readonly string[], scopes: ReadonlyMap<string, Scope>, arrived: number): void {
    const reviewed = new Set(session_ids);
    for (const [listener, guest] of present) {
      const { session_id } = guest.admitted;
      if (!reviewed.has(session_id) || guest.arrival > arrived) continue;
      const scope = scopes.get(session_id);
      if (scope && mayListen(scope, guest.admitted.identity)) assignSeat(seats, guest, scope);
      else {
        guest.ticket.revoke();
        dismiss(listener, CLOSE.scope, GONE);
      }
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
    count: () => present.size,
    guests: () => present.values(),
    arrived: () => arrivals,
    isDraining: draining.isUnderWay,
    sessions: (assignment_id) => sessionsOf([...present.values()], assignment_id),
    review,
    drain,
  };
}

/** For good: they have no right to come back. */
function endRevoked(present: Iterable<[Listener, Guest]>, tokens: Tokens): void {
  for (const [listener, { admitted, ticket }] of present) {
    if (!tokens.isRevoked(admitted.identity)) continue;
    ticket.revoke();
    dismiss(listener, CLOSE.token, REVOKED);
  }
}

/** Only people of the roster have a seat, and take it unless they said otherwise; the holder of a ticket looks on. */
function assignSeat(seats: Seats, guest: Guest, scope: Scope): void {
  const { identity, session_id, seat } = guest.admitted;
  const hasSeat = seat && !('session_id' in identity) && scope.roster.has(identity.actor.id);
  if (hasSeat) guest.leaveSeat ??= seats.take({ session_id, user_id: identity.actor.id });
  else {
    guest.leaveSeat?.();
    guest.leaveSeat = undefined;
  }
}

function sessionsOf(guests: Guest[], assignment_id: string | undefined): string[] {
  const all = guests.map(({ admitted }) => admitted.scope);
  const some = all.filter((scope) => assignment_id === undefined || scope.assignment_id === assignment_id);
  return [...new Set(some.map(({ session_id }) => session_id!))];
}
