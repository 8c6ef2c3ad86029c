/** A spectator would like this to be answered, or liked it. */
import { z } from 'zod';
import { defineGuardedCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { id } from '../../core/definitions/schemas.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy, refuseClosed } from '../refusals.ts';
import {
  changedMessage,
  findMessage,
  isOpen,
  messageOfInput,
  messages,
  messageUpdate,
  withChanged,
} from './message.ts';

export const messageVoted = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_VOTED',
  payload: z.strictObject({ message_id: id }),
  evolve(gallery, { actor, payload: { message_id } }) {
    const { voters } = findMessage(gallery, message_id)!;
    return withChanged(gallery, message_id, { voters: [...voters, actor] });
  },
  project: ({ payload }, gallery) => [messageUpdate(gallery, payload.message_id)],
});

export const voteMessage = defineGuardedCommand({
  name: 'gallery.vote',
  route: 'POST /api/session/:session_id/gallery/vote',
  summary: 'Vote for a message, once',
  who: 'anyone',
  guarded: {},
  body: z.strictObject({ message_id: id }),
  example: { message_id: EXAMPLE.command_id },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseClosed),
  decide({ gallery }, { input: { message_id }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseClosed);
    if (refusal) return refusal;
    const message = findMessage(gallery, message_id);
    if (message?.voters.includes(actor.id)) return reject('already_voted', 'You voted for it before.');
    if (message?.author === actor.id) return reject('own_message', 'This is your own message.');
    if (!message || !isOpen(message)) return reject('not_found', 'There is no such message.');
    return [messageVoted({ message_id })];
  },
  resource: changedMessage,
  result: messageOfInput,
  keeps: keptOf,
  records: [messageVoted],
  rejects: [...ENTRY_CODES, 'own_message', 'already_voted'],
});
