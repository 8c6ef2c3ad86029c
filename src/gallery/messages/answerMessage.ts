/** A question was answered, in the room or afterwards. */
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

export const messageAnswered = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_ANSWERED',
  payload: moderation,
  evolve: (gallery, { payload: { message_id } }) => withChanged(gallery, message_id, { answered: true }),
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const answerMessage = defineCommand({
  name: 'gallery.answer',
  route: 'POST /api/session/:session_id/gallery/answer',
  summary: 'Mark a message as answered',
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
    if (message.answered || isGone(message)) return refuseState(message);
    const { message_id, reason = null } = command.input;
    return [messageAnswered({ message_id, reason })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageAnswered],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
