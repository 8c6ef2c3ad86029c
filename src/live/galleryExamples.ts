/** Each message of a gallery's sockets in a sentence, and as it may look: for documents. A test holds the examples to the schemas. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { galleryClientMessages, galleryServerMessages } from './galleryMessages.ts';

type MessageType = keyof typeof galleryServerMessages | keyof typeof galleryClientMessages;

const ID = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e20';
const message = {
  ...{ id: ID, author: 'Spectator 12', category: 'question' },
  ...{ text: 'Does the treaty bind the harbour authority?', posted_at: '2026-09-24T10:11:12.345Z' },
  ...{ votes: 3, answered: false, state: 'shown' },
};

export const describedInGallery: Record<MessageType, { summary: string; example: JsonObject }> = {
  WELCOME: {
    summary: 'The first message, but for an ERROR: how the gallery stands. What was said up to now is in the list.',
    example: { type: 'WELCOME', open: true, slow_seconds: 0, resume_ticket: 'mWq0fQ3pQkq8cZ1x7m0y5w' },
  },
  MESSAGE: {
    summary: 'A message is shown, as the list has it: said just now, or let through by a moderator.',
    example: { type: 'MESSAGE', ...message, votes: 0 },
  },
  CHANGED: {
    summary: 'A message has been voted for, or was answered.',
    example: { type: 'CHANGED', id: ID, votes: 4, answered: true },
  },
  HIDDEN: { summary: 'A message is shown no more.', example: { type: 'HIDDEN', id: ID } },
  RESTORED: {
    summary: 'A message that was hidden is shown again.',
    example: { type: 'RESTORED', ...message },
  },
  STATE: {
    summary: 'The gallery opened or closed, or one person waits longer between two messages.',
    example: { type: 'STATE', open: true, slow_seconds: 30 },
  },
  PONG: {
    summary: 'The answer to PING: the time of the relay.',
    example: { type: 'PONG', timestamp: '2026-09-24T10:11:20.000Z' },
  },
  ERROR: {
    summary: 'A message was refused, or the connection is about to be closed, and why.',
    example: { type: 'ERROR', code: 'not_found', detail: 'There is no such gallery.' },
  },
  PING: { summary: 'Asks for a PONG.', example: { type: 'PING' } },
};
