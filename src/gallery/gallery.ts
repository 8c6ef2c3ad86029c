/**
 * The gallery of a session: what spectators say beside it, on a stream of its own. Its state knows no text, so that nothing
 * of it has to be forgotten when texts are erased.
 */
import { z } from 'zod';
import { count, named, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import type { RecordedEvent } from '../core/definitions/event.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';
import { insert, update, type Write } from '../core/definitions/write.ts';
import { type Buckets, NOTHING } from './buckets.ts';
import type { Message } from './messages/message.ts';

/** What the state remembers of an author. */
export interface KnownAuthor {
  /** In the order of their first messages: what the others see of a person who is not named. */
  number: number;
  posted_at: string;
}

export interface Gallery {
  id: string;
  /** A moderator closed it. */
  is_closed: boolean;
  /** Between two messages of one person; 0 where slow mode is off. */
  slow_seconds: number;
  messages: Buckets<Message>;
  authors: Buckets<KnownAuthor>;
}

export const galleryStream = defineStream<Gallery>('gallery', {
  initial: (id) => ({ id, is_closed: false, slow_seconds: 0, messages: NOTHING, authors: NOTHING }),
  apart: true,
});

/** The gallery's own row, there from its first event on. */
export const galleries = defineTable({
  name: 'galleries',
  stream: 'gallery',
  owner: 'session_id',
  primary_key: ['session_id'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

function galleryStreamName(session_id: string): string {
  return streamName(galleryStream.kind, session_id);
}

/** What a command locks of it, and sees as `gallery`. */
export function theGallery(session_id: string): Lock<'gallery', Gallery> {
  return { kind: 'gallery', stream: galleryStreamName(session_id) };
}

/** What an event writes, with the gallery's row where it is the first or changes how the gallery stands. */
export function written(
  { sequence }: RecordedEvent<object>,
  gallery: Gallery,
  writes: Write[],
  isChanged = false,
): Write[] {
  const { id: session_id, is_closed, slow_seconds } = gallery;
  const write = sequence === 1 ? insert : update;
  const isWritten = sequence === 1 || isChanged;
  return [...(isWritten ? [write('galleries', { session_id }, { is_closed, slow_seconds })] : []), ...writes];
}

/** How a gallery stands, as commands answer it. */
export const galleryAnswer = named(
  'GalleryState',
  z.strictObject({
    /** The session's. */
    id: uuid,
    open: z.boolean(),
    slow_seconds: count,
  }),
  { id: EXAMPLE.event_id, open: true, slow_seconds: 0 },
);

export function galleryResult({ states }: { states: { gallery: Gallery } }) {
  const { id, is_closed, slow_seconds } = states.gallery;
  return { id, open: !is_closed, slow_seconds };
}
