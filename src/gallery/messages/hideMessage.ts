/** A host hides a message, from all but its author. It can be restored. */
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseSpectator, refuseState } from '../refusals.ts';
import { changedMessage, isGone, messageOfInput, messages, messageUpdate, withChanged } from './message.ts';
import { findForHost, moderation, moderationBody } from './moderation.ts';

export const messageHidden = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_HIDDEN',
  payload: moderation,
  evolve: (gallery, { payload: { message_id } }) =>
    withChanged(gallery, message_id, { state: 'hidden', needs_review: false }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const hideMessage = defineCommand({
  name: 'gallery.hide',
  route: 'POST /api/session/:session_id/gallery/hide',
  summary: 'Hide a message from all but its author',
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
    if (message.state === 'hidden' || isGone(message)) return refuseState(message);
    const { message_id, reason = null } = command.input;
    return [messageHidden({ message_id, reason })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageHidden],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
