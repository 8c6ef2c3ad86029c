/** A host shows a message again. It stays so, however many report it. */
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseSpectator, refuseState } from '../refusals.ts';
import { changedMessage, isGone, isOpen, messageOfInput, messages, messageUpdate, withChanged } from './message.ts';
import { findForHost, moderation, moderationBody } from './moderation.ts';

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
  hides: hidesGallery,
  body: moderationBody,
  example: { message_id: EXAMPLE.command_id },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, command, hall) {
    const message = findForHost(hall, gallery, command);
    if (isRejection(message)) return message;
    if (isOpen(message) || message.state === 'held' || isGone(message)) return refuseState(message);
    const { message_id, reason = null } = command.input;
    return [messageRestored({ message_id, reason })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageRestored],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
