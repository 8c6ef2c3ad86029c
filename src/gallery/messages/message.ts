/** A message of the gallery: a question to the bench for afterwards, or a comment. */
import { z } from 'zod';
import { at, count, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { update, type Write } from '../../core/definitions/write.ts';
import { ownBanAnswer } from '../../guard/bans/ownBan.ts';
import { type Buckets, find, withEntry } from '../buckets.ts';

export const CATEGORIES = ['question', 'comment'] as const;

/**
 * `held` waits for a moderator, `removed` is in no list but that of the moderators, `erased` is what is left after the
 * retention.
 */
export const MESSAGE_STATES = ['held', 'shown', 'hidden', 'removed', 'withdrawn', 'erased'] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** Without its text, which is in the table alone. */
export interface Message {
  id: string;
  /** The actor that posted it. */
  author: string;
  state: MessageState;
  /** Shown to its author as if nothing were, and to nobody else but moderators. */
  is_shadowed: boolean;
  posted_at: string;
  /** Of the event that posted it: what is left of the text when it is erased. */
  payload_commitment: string;
  answered: boolean;
  /** A moderator is to look at it. */
  needs_review: boolean;
  /** A moderator has, and let it stand: reports hide it no more. */
  is_kept: boolean;
  voters: readonly string[];
  reporters: readonly string[];
}

export const messages = defineTable({
  name: 'gallery_messages',
  stream: 'gallery',
  owner: 'session_id',
  primary_key: ['id'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'message_id',
});

const EXAMPLE_MESSAGE = {
  ...{ id: EXAMPLE.command_id, author: 'Spectator 12', category: 'question' as const },
  ...{ text: 'Does the treaty bind the harbour authority?', posted_at: EXAMPLE.now, votes: 3, answered: false },
  state: 'shown' as const,
};

const shown = z.strictObject({
  id: uuid,
  /** The name, where the person is signed in and the institution shows names; or what they are called here. */
  author: text,
  category: z.enum(CATEGORIES),
  text,
  posted_at: at,
  votes: count,
  answered: z.boolean(),
  state: z.enum(MESSAGE_STATES),
});

export const messageAnswer = named('GalleryMessage', shown, EXAMPLE_MESSAGE);
export const messageList = named(
  'GalleryMessageList',
  z.strictObject({
    items: z.array(messageAnswer),
    /** Null where nothing is left. */
    next_cursor: z.string().nullable(),
    /** Where the asker is signed in, banned here, and to be told. */
    banned: ownBanAnswer.optional(),
  }),
  { items: [EXAMPLE_MESSAGE], next_cursor: null },
);

/** As a command answers it: what was written is for its author, and is not stored with the outcome. */
export const changedMessage = named(
  'ChangedGalleryMessage',
  shown.partial({ author: true, category: true, text: true }),
  EXAMPLE_MESSAGE,
);

/** What the outcome of a command keeps of the message: no text. */
export function messageResult({ id, posted_at, voters, answered, state }: Message) {
  return { id, posted_at, votes: voters.length, answered, state };
}

/** The message that the input names, as the command left it. */
export function messageOfInput(
  { states }: { states: { gallery: Said } },
  { input }: { input: { message_id: string } },
) {
  return messageResult(findMessage(states.gallery, input.message_id)!);
}

/** What the table holds of a message, but for its texts. */
export function rowOf({ voters, reporters, ...message }: Message) {
  return { ...message, votes: voters.length, reports: reporters.length };
}

/** Of a gallery's state, the messages. */
export interface Said {
  readonly messages: Buckets<Message>;
}

export function findMessage({ messages }: Said, id: string): Message | undefined {
  return find(messages, id);
}

/** The gallery with a change to one of its messages. One that is erased stays so. */
export function withChanged<Gallery extends Said>(gallery: Gallery, id: string, changes: Partial<Message>): Gallery {
  const message = findMessage(gallery, id)!;
  const stays = message.state === 'erased' && { state: message.state, is_shadowed: false, needs_review: false };
  return withMessage(gallery, { ...message, ...changes, ...stays });
}

/** What of a message may have changed since it was posted. */
export function messageUpdate(gallery: Said, message_id: string): Write {
  const { id, state, is_shadowed, needs_review, is_kept, answered, votes, reports } = rowOf(
    findMessage(gallery, message_id)!,
  );
  return update('gallery_messages', { id }, { state, is_shadowed, needs_review, is_kept, answered, votes, reports });
}

/** Is it shown to all? */
export function isOpen({ state, is_shadowed }: Message): boolean {
  return state === 'shown' && !is_shadowed;
}

/** It is not there any more. */
export function isGone({ state }: Message): boolean {
  return state === 'withdrawn' || state === 'erased';
}

export function withMessage<Gallery extends Said>(gallery: Gallery, message: Message): Gallery {
  return { ...gallery, messages: withEntry(gallery.messages, message.id, message) };
}

export interface MessageRow {
  id: string;
  author_number: number;
  author_name: string | null;
  category: (typeof CATEGORIES)[number];
  text: string;
  posted_at: string;
  votes: number;
  answered: boolean;
  state: MessageState;
}

/** The name of an author where the institution shows names: what was recorded while it did is hidden when it does no more. */
export const NAME = 'case when author_name is not null and shows_names(session_id) then author_name end as author_name';

export const MESSAGE_COLUMNS = `id, author_number, ${NAME}, category, text, posted_at, votes, answered, state`;

export function pseudonymOf(author_number: number): string {
  return `Spectator ${author_number}`;
}

export function messageResource({ author_number, author_name, ...message }: MessageRow) {
  const { id, category, text, posted_at, votes, answered, state } = message;
  const author = author_name ?? pseudonymOf(author_number);
  return { id, author, category, text, posted_at, votes, answered, state };
}

/** Which messages a person sees: those that all see, and the own ones. `$2` is the person. */
export const SEEN_BY = `(state = 'shown' and not is_shadowed or author = $2 and state in ('shown', 'held', 'hidden')) and text is not null`;
