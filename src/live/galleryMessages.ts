/** What is said on the sockets of a gallery, flat and the same on both transports, as schemas. */
import { z } from 'zod';
import { at, uuid } from '../core/definitions/answers.ts';
import { messageAnswer } from '../gallery/messages/message.ts';
import { clientMessages, serverMessages } from './messages.ts';

const { id, votes, answered } = messageAnswer.shape;
/** Whether anything may be said, and how many seconds one person waits between two messages; 0: no longer than everywhere. */
const state = { open: z.boolean(), slow_seconds: z.int().min(0) };

/** From the relay. */
export const galleryServerMessages = {
  WELCOME: z.strictObject({ type: z.literal('WELCOME'), ...state, resume_ticket: z.string() }),
  MESSAGE: z.strictObject({ type: z.literal('MESSAGE'), ...messageAnswer.shape }),
  CHANGED: z.strictObject({ type: z.literal('CHANGED'), id, votes, answered }),
  HIDDEN: z.strictObject({ type: z.literal('HIDDEN'), id: uuid }),
  RESTORED: z.strictObject({ type: z.literal('RESTORED'), ...messageAnswer.shape }),
  STATE: z.strictObject({ type: z.literal('STATE'), ...state }),
  PONG: z.strictObject({ type: z.literal('PONG'), timestamp: at }),
  ERROR: serverMessages.ERROR,
};

/** From a client. Everything else is refused. */
export const galleryClientMessages = { PING: clientMessages.PING };

type ServerMessages = typeof galleryServerMessages;
export type GalleryMessage = z.output<ServerMessages[keyof ServerMessages]>;
export type GalleryState = Omit<z.output<ServerMessages['STATE']>, 'type'>;
