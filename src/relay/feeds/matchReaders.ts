/** Reading matches for the relay: what is kept of them for a time, and Postgres where that is gone. Many who ask at once are read together. */
import { createBatcher } from '../../core/batcher.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import {
  type FollowedMatch,
  type FollowedState,
  readFollowed,
  readFollowedEvents,
  readFollowedStates,
} from '../../feeds/matches/readFollowed.ts';
import {
  type MatchEvent,
  type MatchFanout,
  REPLAYED,
  type Tier,
  type TierState,
} from '../../infra/feeds/matchFanout.ts';

/** A tier as it stands; of tier 1 with its last events, of others without any. */
export interface MatchTier extends TierState {
  events: readonly MatchEvent[];
}

export interface MatchReaders {
  /** @returns undefined where there is none that is shown to anybody */
  find(match_id: string): Promise<FollowedMatch | undefined>;
  findAll(match_ids: readonly string[]): Promise<ReadonlyMap<string, FollowedMatch>>;
  /** From what is kept, where it is whole. */
  read(match_id: string, tier: Tier): Promise<MatchTier>;
  /** From Postgres. */
  readRecorded(match_id: string, tier: Tier): Promise<MatchTier>;
}

const AT_ONCE = 500;
const isShared = () => true;

export function createMatchReaders(
  db: Queryable,
  fanout: Pick<MatchFanout, 'readState' | 'readEvents' | 'keepState'>,
): MatchReaders {
  const matches = batched<FollowedMatch>((ids) => readFollowed(db, ids));
  const states = batched<FollowedState>((ids) => readFollowedStates(db, ids));
  const events = batched<readonly MatchEvent[]>((ids) => readFollowedEvents(db, ids, REPLAYED));

  async function read(match_id: string, tier: Tier): Promise<MatchTier> {
    const kept = await readKept(match_id, tier).catch(() => undefined);
    return kept ?? readRecorded(match_id, tier);
  }

  async function readKept(match_id: string, tier: Tier): Promise<MatchTier | undefined> {
    const state = await fanout.readState(match_id, tier);
    if (!state) return undefined;
    if (tier !== 1) return { ...state, events: [] };
    const stream = await fanout.readEvents(match_id);
    return isWhole(stream, state.seq) ? { ...state, events: stream } : undefined;
  }

  async function readRecorded(match_id: string, tier: Tier): Promise<MatchTier> {
    const found = await states.push(match_id);
    if (!found) return { version: 0, seq: 0, state: {}, events: [] };
    const { version, seq, state, stats } = found;
    const read: TierState = { version, seq, state: tier === 0 ? state : tier === 2 ? (stats ?? {}) : {} };
    // Best effort: the next to ask reads Postgres, too.
    void fanout.keepState(match_id, tier, read).catch(() => {});
    return { ...read, events: tier === 1 ? ((await events.push(match_id)) ?? []) : [] };
  }

  return { find: matches.push, findAll: (ids) => readFollowed(db, ids), read, readRecorded };
}

function batched<T>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
  async function readEach(ids: string[]): Promise<(T | undefined)[]> {
    const found = await read([...new Set(ids)]);
    return ids.map((id) => found.get(id));
  }

  return createBatcher<string, T | undefined>(AT_ONCE, readEach, isShared);
}

/** Up to this number, with none missing among the last hundred: a stream may have begun anew. */
function isWhole(events: readonly MatchEvent[], seq: number): boolean {
  const [first, last] = [events[0]?.seq ?? 1, events.at(-1)?.seq ?? 0];
  return last >= seq && last - first + 1 === events.length && events.length >= Math.min(REPLAYED, last);
}
