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

  function keepAt(key: string, { version, seq, state }: TierState): void {
    if ((stateAt(key)?.version ?? 0) <= version) states.set(key, JSON.stringify({ version, seq, state }), snapshot_ms);
  }

  return {
    async keep({ match_id, tier, events, ...state }) {
      keepAt(snapshotKey(match_id, tier), state);
      const key = streamKey(match_id);
      if (events.length > 0) streams.set(key, latestOf([...(streams.get(key) ?? []), ...events]), stream_ms);
      if (!isWithdrawn(state)) return;
      streams.delete(key);
      for (const other of [1, 2] as const) states.delete(snapshotKey(match_id, other));
    },
    keepState: async (match_id, tier, state) => keepAt(snapshotKey(match_id, tier), state),
    readState: async (match_id, tier) => stateAt(snapshotKey(match_id, tier)),
    readEvents: async (match_id) => streams.get(streamKey(match_id)) ?? [],
    close() {},
  };
}
