/**
 * The listeners of this process, from admission to the end: each joins its room, is heard, and is sent away when its
 * token expires, its session goes out of its scope, or the process stops. Whatever the transport, this is where a
 * connection is counted, and who is on the roster is said to be present.
 */
import type { Scope } from '../../access/scope.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { createConnection } from '../transports/connection.ts';
import { type Admitted, mayListen } from './admission.ts';
import { createAnswers } from './answers.ts';
import { answer, NOT_ALLOWED, readClientMessage } from './clientMessages.ts';
import type { Delivery } from './delivery.ts';
import { createInbound, type Said } from './inbound.ts';
import { join } from './join.ts';
import { CLOSE, dismiss, type Listener, type Message, TROUBLE } from './messages.ts';
import type { Seats } from './presenceLeases.ts';

/** What a transport tells about a connection. */
export interface Visit {
  receive(said: Said): void;
  /** The connection is closed. */
  leave(): void;
}

export interface Listeners {
  enter(transport: 'socketio' | 'websocket', admitted: Admitted, connection: Listener): Visit;
  count(): number;
  isDraining(): boolean;
  /** Sessions that somebody listens to; where it is given, only that of this assignment. */
  sessions(assignment_id?: string): string[];
  /**
   * The scope of these sessions as it is, where there is any: whoever is out of it goes. It was read after the first
   * `arrived` had been let in; whoever came later was let in on what may be newer.
   */
  review(session_ids: readonly string[], scopes: ReadonlyMap<string, Scope>, arrived: number): void;
  /** How many were ever let in. */
  arrived(): number;
  /** Sends everybody away, to come back elsewhere. Resolves when all are gone. */
  drain(): Promise<void>;
}

export interface ListenersOptions {
  rooms: Rooms;
  seats: Seats;
  config: Config;
  metrics: Metrics;
  log: Log;
}

const EXPIRED: Message = { type: 'ERROR', code: 'unauthenticated', detail: 'The token has expired.' };
const GONE: Message = { type: 'ERROR', code: 'not_found', detail: 'This session is not in your scope any more.' };
const MAX_RECONNECT_MS = 5_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A listener with what it was let in for. */
interface Guest {
  /** Which arrival it was, from 1. */
  arrival: number;
  admitted: Admitted;
  /** Gives up the seat, where it has one. */
  leaveSeat: (() => void) | undefined;
}

export function createListeners({ rooms, seats, config, metrics, log }: ListenersOptions): Listeners {
  const present = new Map<Listener, Guest>();
  let arrivals = 0;
  let draining = false;
  let onEmpty = () => {};

  function enter(transport: 'socketio' | 'websocket', admitted: Admitted, connection: Listener): Visit {
    const { listener, stop } = createConnection(connection, metrics);
    const answers = createAnswers(listener);
    const inbound = createInbound(listener, answers, metrics);
    const room = rooms.acquire(admitted.session_id);
    const cancelExpiry = at(admitted.identity.expires_at * 1_000, () => dismiss(listener, CLOSE.token, EXPIRED));
    arrivals += 1;
    const guest: Guest = { arrival: arrivals, admitted, leaveSeat: undefined };
    present.set(listener, guest);
    settleSeat(guest, admitted.scope);
    metrics.connections.inc({ transport });
    const joined = start();

    async function start(): Promise<Delivery | undefined> {
      if (draining) sendAway(listener);
      try {
        const { last_sequence } = admitted;
        return await join(room, listener, { rooms, last_sequence, maxReplay: config.WS_MAX_REPLAY, log });
      } catch (err) {
        log.warn({ err, session_id: room.session_id }, 'a listener could not join');
        dismiss(listener, CLOSE.draining, TROUBLE);
        return undefined;
      }
    }

    function receive(said: Said): void {
      const heard = inbound.hear(said);
      if (heard === undefined) return;
      const message = readClientMessage(heard);
      if (!message) {
        metrics.refusedMessages.inc({ reason: 'not_allowed' });
        answers.owe(NOT_ALLOWED.code, () => listener.send(NOT_ALLOWED));
        return;
      }
      void joined.then((delivery) => {
        if (delivery && listener.isOpen()) answer(message, { room, delivery, listener, answers });
      });
    }

    function leave(): void {
      if (!present.delete(listener)) return;
      guest.leaveSeat?.();
      metrics.connections.dec({ transport });
      cancelExpiry();
      stop();
      answers.stop();
      void joined.then((delivery) => {
        delivery?.stop();
        rooms.release(room);
      });
      if (present.size === 0) onEmpty();
    }

    return { receive, leave };
  }

  /** Only people of the roster take part; who comes with a ticket looks on. */
  function settleSeat(guest: Guest, scope: Scope): void {
    const { identity, session_id } = guest.admitted;
    const hasSeat = !('session_id' in identity) && scope.roster.has(identity.actor.id);
    if (hasSeat) guest.leaveSeat ??= seats.take({ session_id, user_id: identity.actor.id });
    else {
      guest.leaveSeat?.();
      guest.leaveSeat = undefined;
    }
  }

  function sessions(assignment_id?: string): string[] {
    const all = [...present.values()].map(({ admitted }) => admitted.scope);
    const some = all.filter((scope) => assignment_id === undefined || scope.assignment_id === assignment_id);
    return [...new Set(some.map(({ session_id }) => session_id!))];
  }

  function review(session_ids: readonly string[], scopes: ReadonlyMap<string, Scope>, arrived: number): void {
    const reviewed = new Set(session_ids);
    for (const [listener, guest] of present) {
      const { session_id } = guest.admitted;
      if (!reviewed.has(session_id) || guest.arrival > arrived) continue;
      const scope = scopes.get(session_id);
      if (scope && mayListen(scope, guest.admitted.identity)) settleSeat(guest, scope);
      else dismiss(listener, CLOSE.scope, GONE);
    }
  }

  async function drain(): Promise<void> {
    draining = true;
    const emptied = new Promise<void>((resolve) => {
      onEmpty = resolve;
    });
    seats.close();
    for (const listener of present.keys()) sendAway(listener);
    if (present.size > 0) await emptied;
  }

  return {
    enter,
    count: () => present.size,
    arrived: () => arrivals,
    isDraining: () => draining,
    sessions,
    review,
    drain,
  };
}

function sendAway(listener: Listener): void {
  const reconnect_in_ms = 1 + Math.floor(Math.random() * MAX_RECONNECT_MS);
  dismiss(listener, CLOSE.draining, { type: 'DRAIN', reconnect_in_ms, resume_ticket: null });
}

/** Calls back at an instant, which may be further away than a timer reaches. @returns what cancels it */
function at(time_ms: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const left = time_ms - Date.now();
    timer = left > MAX_TIMER_MS ? setTimeout(arm, MAX_TIMER_MS) : setTimeout(callback, left);
    timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
}
