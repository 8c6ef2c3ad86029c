/** An author takes a message back. */
import { z } from 'zod';
import { defineGuardedCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { id } from '../../core/definitions/schemas.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy, refuseState } from '../refusals.ts';
import {
  changedMessage,
  findMessage,
  isGone,
  messageOfInput,
  messages,
  messageUpdate,
  withChanged,
} from './message.ts';

export const messageWithdrawn = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_WITHDRAWN',
  payload: z.strictObject({ message_id: id }),
  evolve: (gallery, { payload: { message_id } }) =>
    withChanged(gallery, message_id, { state: 'withdrawn', needs_review: false }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const withdrawMessage = defineGuardedCommand({
  name: 'gallery.withdraw',
  route: 'POST /api/session/:session_id/gallery/withdraw',
  summary: 'Take an own message back',
  who: 'anyone',
  guarded: {},
  body: z.strictObject({ message_id: id }),
  example: { message_id: EXAMPLE.command_id },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked),
  decide({ gallery }, { input: { message_id }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor);
    if (refusal) return refusal;
    const message = findMessage(gallery, message_id);
    if (!message) return reject('not_found', 'There is no such message.');
    if (message.author !== actor.id) return reject('not_author', 'Somebody else posted it.');
    if (isGone(message)) return refuseState(message);
    return [messageWithdrawn({ message_id })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageWithdrawn],
  rejects: [...ENTRY_CODES, 'not_author', 'message_state'],
});
