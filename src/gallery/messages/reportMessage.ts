/**
 * A spectator tells the moderators of a message. Distinct reporters have effects before a moderator comes: they hide it
 * from all but its author, and in the end from all lists.
 */
import { z } from 'zod';
import { defineGuardedCommand } from '../../access/defineCommand.ts';
import { hash } from '../../core/definitions/answers.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { insert } from '../../core/definitions/write.ts';
import { RULES } from '../../guard/rules.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { hallOfCommand } from '../hall.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy } from '../refusals.ts';
import {
  changedMessage,
  findMessage,
  isGone,
  type Message,
  messageOfInput,
  messages,
  messageUpdate,
  withChanged,
} from './message.ts';

export const reports = defineTable({
  name: 'gallery_reports',
  stream: 'gallery',
  owner: 'session_id',
  primary_key: ['id'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

export const messageReported = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_REPORTED',
  payload: z.strictObject({
    report_id: id,
    message_id: id,
    /** Of what was said: it outlives the text. */
    message_commitment: hash,
    author: z.string(),
    reporter: z.string(),
    reason: privateText.nullable(),
    /** What follows from it. */
    effect: z.enum(['none', 'hidden', 'removed']),
  }),
  evolve(gallery, { payload: { message_id, reporter, effect } }) {
    const { reporters } = findMessage(gallery, message_id)!;
    return withChanged(gallery, message_id, { reporters: [...reporters, reporter], ...EFFECTS[effect] });
  },
  project({ payload: { effect: _, report_id, ...report }, at: reported_at }, gallery) {
    const row = insert('gallery_reports', { id: report_id }, { session_id: gallery.id, ...report, reported_at });
    return [messageUpdate(gallery, report.message_id), row];
  },
});

const EFFECTS: Record<'none' | 'hidden' | 'removed', Partial<Message>> = {
  none: {},
  hidden: { is_shadowed: true, needs_review: true },
  removed: { is_shadowed: true, needs_review: true, state: 'removed' },
};

export const reportMessage = defineGuardedCommand({
  name: 'gallery.report',
  route: 'POST /api/session/:session_id/gallery/report',
  summary: 'Tell the moderators of a message, once',
  who: 'anyone',
  guarded: {},
  body: z.strictObject({ message_id: id, reason: remark.optional() }),
  example: { message_id: EXAMPLE.command_id },
  locks: ({ session_id }) => [theGallery(session_id)],
  finds: [messages],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked),
  decide({ gallery }, { id: report_id, input, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor);
    if (refusal) return refusal;
    const { message_id, reason = null } = input;
    const message = findMessage(gallery, message_id);
    if (!message || isGone(message) || message.state === 'held')
      return reject('not_found', 'There is no such message.');
    if (message.author === actor.id) return reject('own_message', 'This is your own message.');
    const { reporter } = input.author;
    if (message.reporters.includes(reporter)) return reject('already_reported', 'You reported it before.');
    const { author, payload_commitment: message_commitment } = message;
    const facts = { report_id, message_id, message_commitment, author, reporter, reason };
    return [messageReported({ ...facts, effect: effectOf(message) })];
  },
  resource: changedMessage,
  // What its report came to is for the moderators.
  result: (applied, command) => ({ ...messageOfInput(applied, command), state: 'shown' as const }),
  keeps: keptOf,
  records: [messageReported],
  rejects: [...ENTRY_CODES, 'own_message', 'already_reported'],
});

/** Of one more report. A moderator's word outweighs any number of them. */
function effectOf({ reporters, is_kept, state }: Message): keyof typeof EFFECTS {
  if (is_kept || state === 'hidden') return 'none';
  const { hide_at, remove_at } = RULES.reports;
  const count = reporters.length + 1;
  if (count === remove_at) return 'removed';
  return count === hide_at ? 'hidden' : 'none';
}
