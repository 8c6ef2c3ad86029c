/**
 * A spectator says something. It is cleaned, judged by the rules of texts, and shown at once or held for a moderator, as
 * the match says.
 */
import { z } from 'zod';
import { defineGuardedCommand } from '../../access/defineCommand.ts';
import { commandIdOf } from '../../core/chain/ids.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { defineEvent, type RecordedEvent } from '../../core/definitions/event.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { keptOf, nameOf } from '../author.ts';
import { find, withEntry } from '../buckets.ts';
import { type Gallery, galleryStream, theGallery, written } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import { type Hall, hallOfCommand, isHost } from '../hall.ts';
import { readPace } from '../pace.ts';
import { ENTRY_CODES, refuseAtDoor, refuseBy, refuseClosed } from '../refusals.ts';
import { cleanText } from '../text/cleanText.ts';
import { isWithinGraphemes } from '../text/graphemes.ts';
import { judgeText } from '../text/judgeText.ts';
import {
  CATEGORIES,
  changedMessage,
  findMessage,
  type Message,
  messageResult,
  pseudonymOf,
  rowOf,
  withMessage,
} from './message.ts';

const MOST_GRAPHEMES = 280;
/** More than any 280 characters have that a person writes, in UTF-16 units. */
const MOST_UNITS = 8_192;

const posted = z.strictObject({
  message_id: id,
  category: z.enum(CATEGORIES),
  text: privateText,
  /** Null where the author is shown by a pseudonym. */
  author_name: privateText.nullable(),
  /** What bans name: it goes with the text. */
  author_key: privateText,
  state: z.enum(['held', 'shown']),
  is_shadowed: z.boolean(),
  needs_review: z.boolean(),
});
type Posted = z.output<typeof posted>;

export const messagePosted = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_POSTED',
  payload: posted,
  evolve: (gallery, event) => withPosted(gallery, newMessage(event)),
  project(event, gallery) {
    const { id: _, ...facts } = rowOf(newMessage(event));
    const { category = null, text = null, author_name = null, author_key = null } = event.payload as Partial<Posted>;
    const said = { category, text, author_name, author_key };
    const place = { session_id: gallery.id, sequence: event.sequence, author_number: numberOf(gallery, event.actor) };
    const row = insert('gallery_messages', { id: messageIdOf(event) }, { ...facts, ...place, ...said });
    return written(event, gallery, [row]);
  },
  // Nothing follows from it: the event's id names the message, and what was shown of it is erased besides.
  erased: () => ({}) as Posted,
});

/** What the message bears the id of is its command. */
function messageIdOf({ id, payload }: RecordedEvent<Partial<Posted>>): string {
  return payload.message_id ?? commandIdOf(id);
}

function newMessage(event: RecordedEvent<Partial<Posted>>): Message {
  const { actor: author, at: posted_at, payload_commitment, payload } = event;
  const { state = 'erased', is_shadowed = false, needs_review = false } = payload;
  const facts = { id: messageIdOf(event), author, posted_at, payload_commitment, state, is_shadowed } as const;
  return { ...facts, answered: false, needs_review, is_kept: false, voters: [], reporters: [] };
}

function numberOf({ authors }: Gallery, author: string): number {
  return find(authors, author)!.number;
}

function withPosted(gallery: Gallery, message: Message): Gallery {
  const { authors } = gallery;
  const number = find(authors, message.author)?.number ?? authors.size + 1;
  const author = { number, posted_at: message.posted_at };
  return { ...withMessage(gallery, message), authors: withEntry(authors, message.author, author) };
}

const body = z.strictObject({
  text: privately(
    z
      .string()
      .min(1)
      .max(MOST_UNITS)
      .refine((text) => isWithinGraphemes(text, MOST_GRAPHEMES), `has at most ${MOST_GRAPHEMES} characters`),
  ),
  category: z.enum(CATEGORIES),
  /** A field that people do not see, and programs fill. */
  website: privately(z.string().max(2_000)).optional(),
});

export const postMessage = defineGuardedCommand({
  name: 'gallery.post',
  route: 'POST /api/session/:session_id/gallery/post',
  summary: 'Say something in the gallery: a question for afterwards, or a comment',
  who: 'anyone',
  signed: true,
  guarded: {
    refuse({ text }) {
      const verdict = judgeText(text);
      return verdict.ok ? undefined : { rule: verdict.rule };
    },
    isTrapped: ({ website }) => Boolean(website),
    pace: ({ db, input, author, nameIn }) => readPace(db, input.session_id, author, nameIn),
  },
  body,
  example: { text: 'Does the treaty bind the harbour authority?', category: 'question' },
  creates: '/api/session/:session_id/gallery',
  locks: ({ session_id }) => [theGallery(session_id)],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseClosed),
  decide({ gallery }, { id: message_id, input, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseClosed);
    if (refusal) return refusal;
    const verdict = judgeText(input.text);
    if (!verdict.ok) {
      const { rule } = verdict;
      return reject('refused_text', `The rule "${rule}" refuses it.`, { rule });
    }
    const { key: author_key, is_shadowed, shown_to } = input.author;
    const state = firstState(hall!, actor);
    const said = { category: input.category, text: verdict.text, author_name: nameOf(input), author_key };
    return [
      messagePosted({
        ...{ message_id, ...said, state },
        is_shadowed: is_shadowed || shown_to !== 'everybody',
        needs_review: state === 'held' || shown_to === 'moderators',
      }),
    ];
  },
  resource: changedMessage,
  result: ({ states: { gallery } }, { id, actor }) => ({
    ...messageResult(findMessage(gallery, id)!),
    author: pseudonymOf(numberOf(gallery, actor.id)),
  }),
  answer(result, { input: { text, category, ...input } }) {
    // Of a command that was applied long ago the text is gone.
    if (text === undefined) return result;
    return { ...result, author: nameOf(input) ?? result.author, category, text: cleanText(text) };
  },
  keeps: keptOf,
  records: [messagePosted],
  rejects: [...ENTRY_CODES, 'refused_text'],
});

/** A host reads first what a public audience says. */
function firstState(hall: Hall, actor: Actor): 'held' | 'shown' {
  return hall.moderation === 'before' && !isHost(hall, actor) ? 'held' : 'shown';
}
