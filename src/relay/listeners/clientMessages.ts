/** What a client may say: that it is there, how far it got, that it wants the state, and that it has a newer token. */
import { z } from 'zod';
import { clientMessages } from '../../live/messages.ts';
import type { Message } from './messages.ts';

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
