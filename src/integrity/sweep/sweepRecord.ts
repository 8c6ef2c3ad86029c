/**
 * A first pass over the whole record, in Postgres: which streams are sound in their events, links and payloads, and whether all leaves
 * are where they should be. It finds nothing: whatever is not sound is left to the checks that say what is wrong. Reads only.
 */
import { readClock } from '../../core/sql/databaseClock.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { confirmSweptFound } from './canaries.ts';
import { startTilesAtHand, tilesOf } from './leavesInTiles.ts';
import { readRanges, readSwept, type SweptStream } from './sweptRows.ts';

export interface Swept {
  /** The database's clock before, RFC 3339 UTC: all that was committed by then is covered. */
  swept_at: string;
  streams: number;
  events: number;
  /** Every leaf below the size that was asked for is its event's, in order, and there are no others. */
  are_leaves_sound: boolean;
  /** Whether the stream was sound; one that nothing is known of passes for it, and had no event yet. */
  isSound(stream: string): boolean;
  /** Whether it is known not to have been sound. */
  wasUnsound(stream: string): boolean;
}

const MOST_UNSOUND = 10_000;
/** Statements under way, where the caller's connections are so many. */
const AT_ONCE = 2;

const LEAVES = 'select count(*)::integer as count from public.log_leaves where index < $1';

/**
 * @param size of the log that is looked at
 * @throws where the sweep does not find what was broken for it on purpose
 */
export async function sweepRecord(db: Queryable, size: number): Promise<Swept> {
  await confirmSweptFound(db);
  const swept_at = await readClock(db);
  const tiles = startTilesAtHand(tilesOf(db));
  const unsound = new Set<string>();
  const swept = { streams: 0, events: 0, leaves: 0, are_leaves_sound: true };
  for await (const streams of sweptRanges(db, size)) {
    for (const { stream, events, is_sound, leaf_count } of streams) {
      swept.streams += 1;
      swept.events += events;
      swept.leaves += leaf_count;
      if (!is_sound && unsound.size <= MOST_UNSOUND) unsound.add(stream);
    }
    swept.are_leaves_sound &&= await tiles.hold(streams);
  }
  const { rows } = await db.query<{ count: number }>(LEAVES, [size]);
  return {
    ...{ swept_at, streams: swept.streams, events: swept.events },
    are_leaves_sound: swept.are_leaves_sound && swept.leaves === size && rows[0]!.count === size,
    // Those beyond are not known by name: then each may be one of them.
    isSound: (stream) => unsound.size <= MOST_UNSOUND && !unsound.has(stream),
    wasUnsound: (stream) => unsound.has(stream),
  };
}

/** Some are under way while the leaves of those before are looked at. */
async function* sweptRanges(db: Queryable, size: number): AsyncGenerator<SweptStream[]> {
  const underWay: Promise<SweptStream[]>[] = [];
  try {
    for await (const range of readRanges(db)) {
      const swept = readSwept(db, range, size);
      // It may fail while one before it is still the caller's: it is told when it is asked for.
      swept.catch(() => {});
      underWay.push(swept);
      if (underWay.length === AT_ONCE) yield await underWay.shift()!;
    }
    while (underWay.length > 0) yield await underWay.shift()!;
  } finally {
    // The connections are the caller's again: nothing of ours runs on them any more.
    await Promise.allSettled(underWay);
  }
}
