/** What is kept of matches, in this process's memory, for the embedded mode. */
import { createExpiring } from '../guard/expiring.ts';
import {
  isTierState,
  isWithdrawn,
  latestOf,
  type MatchEvent,
  type MatchStore,
  SNAPSHOT_MS,
  STREAM_MS,
  snapshotKey,
  streamKey,
  type Tier,
  type TierState,
} from './matchFanout.ts';

/** What there is no room for is read from Postgres. */
const MOST_STATES = 5_000;
const MOST_STREAMS = 1_000;

export function createInProcessMatches(
  clock: () => number = () => performance.now(),
  { snapshot_ms = SNAPSHOT_MS, stream_ms = STREAM_MS } = {},
): MatchStore {
  const states = createExpiring<string>(clock, MOST_STATES);
  const streams = createExpiring<MatchEvent[]>(clock, MOST_STREAMS);

  function stateAt(key: string): TierState | undefined {
    const kept: unknown = JSON.parse(states.get(key) ?? 'null');
    return isTierState(kept) ? kept : undefined;
  }

  /** @returns whether it is kept: of a match that was withdrawn since nothing is, and nothing older than what is there */
  function keepState(match_id: string, tier: Tier, { version, seq, state }: TierState): boolean {
    if (isWithdrawnSince(match_id, version)) return false;
    const key = snapshotKey(match_id, tier);
    if ((stateAt(key)?.version ?? 0) > version) return false;
    states.set(key, JSON.stringify({ version, seq, state }), snapshot_ms);
    return true;
  }

  function isWithdrawnSince(match_id: string, version: number): boolean {
    const shown = stateAt(snapshotKey(match_id, 0));
    return shown !== undefined && isWithdrawn(shown) && shown.version >= version;
  }

  return {
    async keep({ match_id, tier, events, ...state }) {
      if (isWithdrawnSince(match_id, state.version)) return;
      const isKept = keepState(match_id, tier, state);
      const key = streamKey(match_id);
      if (events.length > 0) streams.set(key, latestOf([...(streams.get(key) ?? []), ...events]), stream_ms);
      if (!isKept || !isWithdrawn(state)) return;
      streams.delete(key);
      for (const other of [1, 2] as const) states.delete(snapshotKey(match_id, other));
    },
    keepState: async (match_id, tier, state) => void keepState(match_id, tier, state),
    readState: async (match_id, tier) => stateAt(snapshotKey(match_id, tier)),
    readEvents: async (match_id) => streams.get(streamKey(match_id)) ?? [],
    close() {},
  };
}
