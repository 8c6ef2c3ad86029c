/** One connection from admission to its end: it joins its room, is heard, and is dismissed when its token expires. */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { createConnection } from '../transports/connection.ts';
import type { Admitted } from './admission.ts';
import { createAnswers } from './answers.ts';
import { answer, NOT_ALLOWED, readClientMessage } from './clientMessages.ts';
import type { Delivery } from './delivery.ts';
import { createInbound, type Said } from './inbound.ts';
import { join } from './join.ts';
import { CLOSE, dismiss, type Listener, type Message, TROUBLE } from './messages.ts';
import { createTokenLife } from './tokenLife.ts';

/** What a transport tells about a connection. */
export interface Visit {
  receive(said: Said): void;
  /** Tells what is not of the record, the latest of its kind to a listener that is busy. @returns false before it is welcome */
  tell(message: Message): boolean;
  /** The connection is closed. */
  leave(): void;
}

export interface VisitOptions {
  rooms: Rooms;
  tokens: Tokens;
  resume_ticket: string;
  maxReplay: number;
  metrics: Metrics;
  log: Log;
  /** Before anything is sent. */
  onStart(listener: Listener): void;
  onEnd(listener: Listener): void;
}

export function startVisit(admitted: Admitted, connection: Listener, options: VisitOptions): Visit {
  const { rooms, tokens, resume_ticket, maxReplay, metrics, log, onStart, onEnd } = options;
  const { listener, stop } = createConnection(connection, metrics);
  const answers = createAnswers(listener);
  const inbound = createInbound(listener, answers, metrics);
  const room = rooms.acquire(admitted.session_id);
  const tokenLife = createTokenLife({
    admitted,
    tokens,
    owe: (kind, make) => answers.owe(kind, () => listener.send(make())),
    end: (message) => dismiss(listener, CLOSE.token, message),
  });
  let hasJoined = false;
  let hasLeft = false;
  onStart(listener);
  const joined = joinRoom();
  void joined.then((delivery) => delivery && tokenLife.start());

  async function joinRoom(): Promise<Delivery | undefined> {
    try {
      const { last_sequence } = admitted;
      const delivery = await join(room, listener, { rooms, last_sequence, maxReplay, resume_ticket, log });
      hasJoined = delivery !== undefined;
      return delivery;
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
      if (!delivery || !listener.isOpen()) return;
      if (message.type === 'REAUTH') void tokenLife.renew(message.token);
      else answer(message, { room, delivery, listener, answers });
    });
  }

  function tell(message: Message): boolean {
    if (hasJoined) answers.owe(message.type, () => listener.send(message));
    return hasJoined;
  }

  function leave(): void {
    if (hasLeft) return;
    hasLeft = true;
    tokenLife.stop();
    stop();
    answers.stop();
    void joined.then((delivery) => {
      delivery?.stop();
      rooms.release(room);
    });
    onEnd(listener);
  }

  return { receive, tell, leave };
}
