/** What a client may say: that it is there, how far it got, that it wants the state, and that it has a newer token. */
import { z } from 'zod';
import { clientMessages } from '../../live/messages.ts';
import type { Room } from '../rooms/room.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { Listener, Message } from './messages.ts';
import type { Snapshots } from './snapshots.ts';

const { PING, ACK, REQUEST_STATE, REAUTH } = clientMessages;
const ClientMessage = z.discriminatedUnion('type', [PING, ACK, REQUEST_STATE, REAUTH]);
export type ClientMessage = z.output<typeof ClientMessage>;

export const NOT_ALLOWED = {
  type: 'ERROR',
  code: 'message_not_allowed',
  detail:
    'Only PING, ACK {last_sequence}, REQUEST_STATE and REAUTH {token} are understood here, one JSON object each. Nothing was changed.',
} satisfies Message;

/** @returns undefined for what is none */
export function readClientMessage(said: unknown): ClientMessage | undefined {
  return ClientMessage.safeParse(said).data;
}

export interface Answering {
  room: Room;
  acknowledgements: Acknowledgements;
  listener: Listener;
  snapshots: Snapshots;
}

export function answer(message: ClientMessage, { room, acknowledgements, listener, snapshots }: Answering): void {
  const { type } = message;
  if (type === 'ACK') acknowledgements.take(message.last_sequence);
  if (type === 'PING') listener.owe('PONG', () => pong(room));
  if (type === 'REQUEST_STATE') snapshots.ask();
}

function pong(room: Room): Message {
  return { type: 'PONG', timestamp: new Date().toISOString(), head: room.head() };
}
