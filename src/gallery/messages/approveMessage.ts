/** A host has read a message that waited, and shows it to all. */
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseSpectator, refuseState } from '../refusals.ts';
import { changedMessage, messageOfInput, messages, messageUpdate, withChanged } from './message.ts';
import { findForHost, moderation, moderationBody } from './moderation.ts';

export const messageApproved = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_APPROVED',
  payload: moderation,
  evolve: (gallery, { payload: { message_id } }) =>
    withChanged(gallery, message_id, { state: 'shown', needs_review: false }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const approveMessage = defineCommand({
  name: 'gallery.approve',
  route: 'POST /api/session/:session_id/gallery/approve',
  summary: 'Show a message that was held',
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
    if (message.state !== 'held') return refuseState(message);
    const { message_id, reason = null } = command.input;
    return [messageApproved({ message_id, reason })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageApproved],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
