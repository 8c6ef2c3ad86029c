/**
 * One connection from admission to its end: it joins its room, is heard, and is dismissed when its token expires. The
 * ticket of an observer bounds its admission alone.
 */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { createConnection } from '../transports/connection.ts';
import type { Admitted } from './admission.ts';
import { createAnswers } from './answers.ts';
import { answer, NOT_ALLOWED, readClientMessage } from './clientMessages.ts';
import type { Delivery } from './delivery.ts';
import { createInbound, type Said } from './inbound.ts';
import { join } from './join.ts';
import { CLOSE, dismiss, type Listener, type Message, TROUBLE } from './messages.ts';

/** What a transport tells about a connection. */
export interface Visit {
  receive(said: Said): void;
  /** The connection is closed. */
  leave(): void;
}

export interface VisitOptions {
  rooms: Rooms;
  resume_ticket: string;
  maxReplay: number;
  metrics: Metrics;
  log: Log;
  /** Before anything is sent. */
  onStart(listener: Listener): void;
  onEnd(listener: Listener): void;
}

const EXPIRED: Message = { type: 'ERROR', code: 'unauthenticated', detail: 'The token has expired.' };
const MAX_TIMER_MS = 2 ** 31 - 1;

export function startVisit(admitted: Admitted, connection: Listener, options: VisitOptions): Visit {
  const { rooms, resume_ticket, maxReplay, metrics, log, onStart, onEnd } = options;
  const { listener, stop } = createConnection(connection, metrics);
  const answers = createAnswers(listener);
  const inbound = createInbound(listener, answers, metrics);
  const room = rooms.acquire(admitted.session_id);
  const isObserver = 'session_id' in admitted.identity;
  const cancelExpiry = isObserver
    ? () => {}
    : at(admitted.identity.expires_at * 1_000, () => dismiss(listener, CLOSE.token, EXPIRED));
  let hasLeft = false;
  onStart(listener);
  const joined = joinRoom();

  async function joinRoom(): Promise<Delivery | undefined> {
    try {
      const { last_sequence } = admitted;
      return await join(room, listener, { rooms, last_sequence, maxReplay, resume_ticket, log });
    } catch (err) {
      log.warn({ err, session_id: room.session_id }, 'listener failed to join');
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
    if (hasLeft) return;
    hasLeft = true;
    cancelExpiry();
    stop();
    answers.stop();
    void joined.then((delivery) => {
      delivery?.stop();
      rooms.release(room);
    });
    onEnd(listener);
  }

  return { receive, leave };
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
