/**
 * Checks streams a few at a time: each page is one statement and so one snapshot, so that appends meanwhile are no
 * false alarm and no transaction stays open for long. Small streams together, a big one alone: what is held in memory
 * depends on neither. Reads only.
 */

import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../../core/definitions/command.ts';
import { type Blobs, fileIssues } from '../../core/definitions/files.ts';
import { readClock } from '../../core/sql/databaseClock.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Swept } from '../sweep/sweepRecord.ts';
import { confirmSweepFinds } from './canaries.ts';
import { readColumnTypes } from './compareRows.ts';
import type { StreamName } from './streamNames.ts';
import type { StreamRows } from './streamRows.ts';
import { type CheckedStream, checkStream, readRows, withFileIssues } from './verifyStreams.ts';

export interface CheckedPage {
  /** The database's clock before the page was read or swept, RFC 3339 UTC: all that was committed by then is covered. */
  checked_at: string;
  streams: CheckedStream[];
}

const PAGE_STREAMS = 200;
const PAGE_EVENTS = 5_000;
/** So that Postgres is never idle: one is read while the other is on its way. */
const PAGES_AHEAD = 2;

/**
 * @param blobs with null, files are not looked at
 * @param swept what is known of the streams where all of the record was swept before: hashes are not computed again
 * @throws where the sweep does not find what was broken for it on purpose
 */
export async function* checkPages(
  db: Queryable,
  catalog: Catalog,
  names: Iterable<StreamName[]> | AsyncIterable<StreamName[]>,
  blobs: Blobs | null,
  swept?: Swept,
): AsyncGenerator<CheckedPage> {
  await confirmSweepFinds(db);
  const types = await readColumnTypes(db);
  // What the caller keeps of one list decides what stands in the next: none is asked for ahead.
  for await (const some of names) {
    for await (const { checked_at, rows } of readAhead(readPages(db, catalog, some, swept))) {
      const streams = rows.map((one) => checkStream(catalog, types, one));
      if (blobs) yield* withFiles({ checked_at, streams }, blobs);
      else yield { checked_at, streams };
    }
  }
}

interface ReadPage {
  checked_at: string;
  /** Under way. */
  rows: Promise<StreamRows[]>;
}

async function* readPages(
  db: Queryable,
  catalog: Catalog,
  names: StreamName[],
  swept: Swept | undefined,
): AsyncGenerator<ReadPage> {
  for (const page of pagesOf(names)) {
    const checked_at = swept?.swept_at ?? (await readClock(db));
    const rows = readRows(db, catalog, page, swept);
    // It may fail while the page before is still the caller's: it is told when it is asked for.
    rows.catch(() => {});
    yield { checked_at, rows };
  }
}

/** The database works on the next pages while the events of the one before are folded. */
async function* readAhead(pages: AsyncGenerator<ReadPage>): AsyncGenerator<{ checked_at: string; rows: StreamRows[] }> {
  const underWay: ReadPage[] = [];
  const ask = async () => {
    const next = await pages.next();
    if (!next.done) underWay.push(next.value);
  };
  try {
    for (let n = 0; n < PAGES_AHEAD; n += 1) await ask();
    while (underWay.length > 0) {
      const { checked_at, rows } = underWay.shift()!;
      const read = await rows;
      await ask();
      // Folding holds the event loop: what asks for the next page has to be sent before.
      await setImmediate();
      yield { checked_at, rows: read };
    }
  } finally {
    // The connections are the caller's again: nothing of ours runs on them any more.
    await Promise.allSettled(underWay.map(({ rows }) => rows));
  }
}

/**
 * In parts, one before each file is read, most of them empty: files may be many gigabytes, and the caller that takes the pages
 * may stop at each of them.
 */
async function* withFiles({ checked_at, streams }: CheckedPage, blobs: Blobs): AsyncGenerator<CheckedPage> {
  const ready: CheckedStream[] = [];
  for (const stream of streams) {
    const found: string[] = [];
    for (const file of stream.files) {
      yield { checked_at, streams: ready.splice(0) };
      found.push(...(await fileIssues([file], blobs)));
    }
    ready.push(withFileIssues(stream, found));
  }
  if (ready.length > 0) yield { checked_at, streams: ready };
}

function* pagesOf(names: StreamName[]): Generator<string[]> {
  let page: string[] = [];
  let events = 0;
  for (const { stream, sequence } of names) {
    if (page.length === PAGE_STREAMS || (page.length > 0 && events + sequence > PAGE_EVENTS)) {
      yield page;
      page = [];
      events = 0;
    }
    page.push(stream);
    events += sequence;
  }
  if (page.length > 0) yield page;
}
