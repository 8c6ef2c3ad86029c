/**
 * A host shuts the author of a message up: what that person says from now on is shown to nobody else. The guard carries it
 * out, and lists it for the admins.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { hash } from '../../core/definitions/answers.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseSpectator } from '../refusals.ts';
import { changedMessage, messageOfInput, messages, messageUpdate, withChanged } from './message.ts';
import { findForHost } from './moderation.ts';

/** A year: more is for an admin to say. */
const MOST_HOURS = 8_760;

export const authorBanned = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_BANNED',
  payload: z.strictObject({
    message_id: id,
    /** Of what was said: it outlives the text. */
    message_commitment: hash,
    author: z.string(),
    reason: privateText,
    /** Null until it is lifted. */
    hours: z.int().nullable(),
  }),
  evolve: (gallery, { payload: { message_id } }) =>
    withChanged(gallery, message_id, { is_shadowed: true, needs_review: false }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const banAuthor = defineCommand({
  name: 'gallery.ban',
  route: 'POST /api/session/:session_id/gallery/ban',
  summary: 'Show what the author of a message says to nobody else, for some hours or until it is lifted',
  who: HOSTS,
  hides: hidesGallery,
  body: z.strictObject({ message_id: id, reason: remark, hours: z.int().min(1).max(MOST_HOURS).optional() }),
  example: { message_id: EXAMPLE.command_id, reason: 'Insults counsel.', hours: 24 },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, command, hall) {
    const message = findForHost(hall, gallery, command);
    if (isRejection(message)) return message;
    const { message_id, reason, hours = null } = command.input;
    const { author, payload_commitment: message_commitment } = message;
    return [authorBanned({ message_id, message_commitment, author, reason, hours })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [authorBanned],
  rejects: [...ENTRY_CODES, 'not_host'],
});
