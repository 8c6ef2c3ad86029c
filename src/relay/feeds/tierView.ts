/** One tier of a match as its followers know it, and what they are told of what is heard and read of it. */
import { isDeepStrictEqual } from 'node:util';
import { type Heard, latestOf, type MatchEvent, type Tier } from '../../infra/feeds/matchFanout.ts';
import type { Batch, Prepared } from '../listeners/prepared.ts';
import { prepareFeed } from './feedWords.ts';
import type { MatchTier } from './matchReaders.ts';

export interface TierView {
  isKnown(): boolean;
  /** 0 before it is known. */
  version(): number;
  /** As it was read. @returns whether followers have something else */
  adopt(read: MatchTier): boolean;
  /**
   * A change, once it is known.
   * @returns what followers are told; `old`: nothing; `gap`: events before it are missing, and nothing of it is taken;
   * `jump`: it does not lead from what they have to how the tier is now, which they are given in its place
   */
  take(heard: Heard): Batch | 'old' | 'gap' | 'jump';
  /** For one that begins, once it is known: the snapshot, and of tier 1 its events. */
  first(): Prepared[];
}

export function createTierView(match_id: string, tier: Tier): TierView {
  let current: MatchTier | undefined;
  /** Made once for all that begin. */
  let prepared: Prepared[] | undefined;

  function become(next: MatchTier): void {
    current = next;
    prepared = undefined;
  }

  function adopt(read: MatchTier): boolean {
    const before = current;
    become(read);
    // Most versions concern other tiers.
    return before !== undefined && !isDeepStrictEqual(shownOf(before), shownOf(read));
  }

  function take(heard: Heard): Batch | 'old' | 'gap' | 'jump' {
    const before = current!;
    const { version, seq, state, changed } = heard;
    if (version <= before.version) return 'old';
    const events = tier === 1 ? newsOf(before, heard) : [];
    if (!events) return 'gap';
    become({ version, seq, state, events: latestOf([...before.events, ...events]) });
    if (!isDeepStrictEqual({ ...before.state, ...changed }, state)) return 'jump';
    const delta = prepareFeed({ type: 'delta', match_id, tier, version, seq, changed });
    return { messages: events.length > 0 ? [batchOf(events), delta] : [delta] };
  }

  function first(): Prepared[] {
    const { version, seq, state, events } = current!;
    prepared ??= [
      prepareFeed({ type: 'snapshot', match_id, tier, version, seq, state }),
      ...(tier === 1 ? [batchOf(events)] : []),
    ];
    return prepared;
  }

  function batchOf(events: readonly MatchEvent[]): Prepared {
    return prepareFeed({ type: 'events_batch', match_id, events: [...events] });
  }

  return { isKnown: () => current !== undefined, version: () => current?.version ?? 0, adopt, take, first };
}

function shownOf({ state, events }: MatchTier): Pick<MatchTier, 'state' | 'events'> {
  return { state, events };
}

/**
 * Of the events that came with a change, those that are not known as they are.
 * @returns undefined where one before them is missing
 */
function newsOf(before: MatchTier, { seq, events }: Heard): MatchEvent[] | undefined {
  const last = Math.max(before.seq, before.events.at(-1)?.seq ?? 0);
  const added = new Set(events.map((event) => event.seq).filter((one) => one > last));
  if (added.size < seq - last) return undefined;
  const known = new Map(before.events.map((event) => [event.seq, event]));
  return events.filter((event) => !isDeepStrictEqual(event, known.get(event.seq)));
}
