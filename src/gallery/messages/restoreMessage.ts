/** A host shows a message again. It stays so, however many report it. */
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy, refuseSpectator } from '../refusals.ts';
import {
  changedMessage,
  findMessage,
  isGone,
  isOpen,
  messageResult,
  messages,
  messageUpdate,
  withChanged,
} from './message.ts';
import { moderation, moderationBody } from './moderation.ts';

export const messageRestored = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_RESTORED',
  payload: moderation,
  evolve: (gallery, { payload: { message_id } }) =>
    withChanged(gallery, message_id, { state: 'shown', is_shadowed: false, needs_review: false, is_kept: true }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const restoreMessage = defineCommand({
  name: 'gallery.restore',
  route: 'POST /api/session/:session_id/gallery/restore',
  summary: 'Show a message again that was hidden, by a host or by reports',
  who: HOSTS,
  body: moderationBody,
  example: { message_id: EXAMPLE.command_id },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, { input: { message_id, reason = null }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseSpectator);
    if (refusal) return refusal;
    const message = findMessage(gallery, message_id);
    if (!message) return reject('not_found', 'There is no such message.');
    const { state } = message;
    if (isOpen(message) || state === 'held' || isGone(message))
      return reject('message_state', `It is ${state}.`, { from: state });
    return [messageRestored({ message_id, reason })];
  },
  resource: changedMessage,
  result: ({ states: { gallery } }, { input }) => messageResult(findMessage(gallery, input.message_id)!),
  keeps: keptOf,
  records: [messageRestored],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
