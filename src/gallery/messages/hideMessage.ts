/** A host hides a message, from all but its author. It can be restored. */
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { HOSTS, hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy, refuseSpectator } from '../refusals.ts';
import { changedMessage, findMessage, isGone, messageResult, messages, messageUpdate, withChanged } from './message.ts';
import { moderation, moderationBody } from './moderation.ts';

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
    if (state === 'hidden' || isGone(message)) return reject('message_state', `It is ${state}.`, { from: state });
    return [messageHidden({ message_id, reason })];
  },
  resource: changedMessage,
  result: ({ states: { gallery } }, { input }) => messageResult(findMessage(gallery, input.message_id)!),
  keeps: keptOf,
  records: [messageHidden],
  rejects: [...ENTRY_CODES, 'not_host', 'message_state'],
});
