/** What a client may say: that it is there, how far it got, and that it wants the state. None of it changes anything. */
import { z } from 'zod';
import type { Delivery } from './delivery.ts';
import type { Listener, Message } from './messages.ts';
import type { Room } from './room.ts';

const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('PING') }),
  z.strictObject({ type: z.literal('ACK'), last_sequence: z.int().min(0) }),
  z.strictObject({ type: z.literal('REQUEST_STATE') }),
]);

const REFUSAL: Message = {
  type: 'ERROR',
  code: 'message_not_allowed',
  detail:
    'Only PING, ACK {last_sequence} and REQUEST_STATE are understood here, one JSON object each. Nothing was changed.',
};

/** @param received undefined for what was not even JSON */
export function answer(received: unknown, room: Room, delivery: Delivery, listener: Listener): void {
  const message = ClientMessage.safeParse(received).data;
  if (!message) listener.send(REFUSAL);
  else if (message.type === 'PING') listener.send(pong(room));
  else if (message.type === 'REQUEST_STATE') void delivery.sendSnapshot();
}

function pong(room: Room): Message {
  return { type: 'PONG', timestamp: new Date().toISOString(), head: room.head() };
}

/** @returns undefined for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
