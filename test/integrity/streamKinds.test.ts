/** Verification asks a stream's kind for its invariants, its files and its seal: it knows none by name. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { chainEvent, EMPTY_HEAD, type EventRow } from '../../src/core/chain/ledger.ts';
import { catalogOf } from '../../src/core/definitions/command.ts';
import { defineEvent, type NewEvent } from '../../src/core/definitions/event.ts';
import { reservedBy } from '../../src/core/definitions/reserved.ts';
import { defineStream, streamName } from '../../src/core/definitions/stream.ts';
import { foldStream } from '../../src/integrity/streams/foldStream.ts';
import type { StreamRows } from '../../src/integrity/streams/streamRows.ts';

interface Shelf {
  books: string[];
}

const shelfStream = defineStream<Shelf>('shelf', {
  initial: () => ({ books: [] }),
  invariants: ({ books }) => (books.length > 2 ? [`the shelf holds ${books.length} books`] : []),
  files: ({ books }) => books.map((sha256) => ({ of: `book ${sha256}`, sha256, size_bytes: 1 })),
  seal: {
    event: 'SHELF_LOCKED',
    digest: ({ books }, version) => (version > 2 ? undefined : books.join(version === 1 ? ',' : '+')),
  },
});

const added = defineEvent({
  stream: shelfStream,
  type: 'BOOK_ADDED',
  payload: z.strictObject({ book: z.string() }),
  evolve: ({ books }, { payload }) => ({ books: [...books, payload.book] }),
  project: () => [],
});

const locked = defineEvent({
  stream: shelfStream,
  type: 'SHELF_LOCKED',
  payload: z.strictObject({ event_count: z.int(), state_digest: z.string(), digest_version: z.int().exactOptional() }),
  evolve: (shelf) => shelf,
  project: () => [],
});

const shelves = catalogOf([{ name: 'book.add', records: [added, locked] } as never], reservedBy([]));

function folded(...events: NewEvent[]) {
  const stream = streamName(shelfStream.kind, randomUUID());
  const recorded: EventRow[] = [];
  for (const event of events) {
    const last = recorded.at(-1) ?? EMPTY_HEAD;
    recorded.push(chainEvent(stream, last, event, randomUUID(), 'system', '2026-11-21T10:00:00.000Z'));
  }
  const rows = { stream, recorded, lost_sequences: [], last: recorded.at(-1) } as unknown as StreamRows;
  const { files, findings, unjudged } = foldStream(shelves, rows);
  return { files, texts: findings.map(({ text }) => text), ...(unjudged !== null && { unjudged }) };
}

test('a stream that keeps what its kind says is without findings, and its files are those that the kind names', () => {
  const seal = locked({ event_count: 3, state_digest: 'a,b' });
  expect(folded(added({ book: 'a' }), added({ book: 'b' }), seal)).toEqual({
    files: ['a', 'b'].map((sha256) => ({ of: `book ${sha256}`, sha256, size_bytes: 1 })),
    texts: [],
  });
});

test('a broken invariant of the kind is a finding', () => {
  const books = ['a', 'b', 'c'].map((book) => added({ book }));
  expect(folded(...books).texts).toEqual(['Invariant broken: the shelf holds 3 books']);
});

test('a seal that counts wrongly, commits to another state or does not stand last is a finding', () => {
  expect(folded(locked({ event_count: 2, state_digest: 'a' }), added({ book: 'a' })).texts).toEqual([
    'Event count mismatch at sequence 1: stored=2, computed=1',
    'State digest mismatch at sequence 1: stored=a, computed=',
    'Events after SHELF_LOCKED: it stands at sequence 1, the last event at 2',
  ]);
});

test('a seal is held against the version of the digest that it names; one of a newer version is not judged', () => {
  const sealed = (state_digest: string, digest_version: number) =>
    folded(added({ book: 'a' }), added({ book: 'b' }), locked({ event_count: 3, state_digest, digest_version })).texts;
  expect(sealed('a+b', 2)).toEqual([]);
  expect(sealed('a,b', 2)).toEqual(['State digest mismatch at sequence 3: stored=a,b, computed=a+b']);
  expect(sealed('a+b', 1)).toEqual(['State digest mismatch at sequence 3: stored=a+b, computed=a,b']);
  const newer = locked({ event_count: 2, state_digest: 'a-b', digest_version: 3 });
  expect(folded(added({ book: 'a' }), newer)).toMatchObject({
    texts: [],
    unjudged: 'seals with a digest of version 3',
  });
});
