/**
 * What a board follows, and how each tier of it stands by what it was told: a snapshot is believed, a change is put onto what
 * there is where it leads on from it, and where it does not, that is said. Knows no socket.
 */
import type { JsonObject } from '../core/definitions/event.ts';

/** 0 is what a scoreboard shows, 1 what happened, 2 what is counted. */
export type Tier = 0 | 1 | 2;

/** A tier of a match as it stands. */
export interface MatchTier {
  match_id: string;
  tier: Tier;
  /** One more with each change of the match; not each concerns this tier. */
  version: number;
  /** Of the match's last event. */
  seq: number;
  state: JsonObject;
}

export interface MatchEvent extends JsonObject {
  seq: number;
}

interface Followed {
  tiers: readonly Tier[];
  known: Map<Tier, MatchTier>;
  /** Of tier 1, oldest first; undefined from a snapshot to what comes with it. */
  events: MatchEvent[] | undefined;
  /** Tiers of which a snapshot is under way: what comes before it is let go. */
  awaited: Set<Tier>;
}

const MOST_EVENTS = 500;

export function createFollowedMatches() {
  const followed = new Map<string, Followed>();

  /** To be called whenever a match is asked for. */
  function ask(match_id: string, tiers = followed.get(match_id)?.tiers ?? []): readonly Tier[] {
    const before = followed.get(match_id);
    const known = new Map([...(before?.known ?? [])].filter(([tier]) => tiers.includes(tier)));
    followed.set(match_id, { tiers, known, events: before?.events, awaited: new Set(tiers) });
    return tiers;
  }

  /** @returns undefined where it is not followed any more */
  function snapshot(told: MatchTier): MatchTier | undefined {
    const match = followed.get(told.match_id);
    if (!match?.tiers.includes(told.tier)) return undefined;
    match.awaited.delete(told.tier);
    if (told.tier === 1) match.events = undefined;
    return keep(match, told);
  }

  /** @returns the tier with the change; `old` where it says nothing new; `gap` where something before it is missing */
  function delta({ changed, ...told }: Omit<MatchTier, 'state'> & { changed: JsonObject }): MatchTier | 'old' | 'gap' {
    const match = followed.get(told.match_id);
    if (!match?.tiers.includes(told.tier) || match.awaited.has(told.tier)) return 'old';
    const before = match.known.get(told.tier);
    if (!before) return 'gap';
    if (told.version <= before.version) return 'old';
    if (told.tier === 1 && told.seq > lastOf(match)) return 'gap';
    return keep(match, { ...told, state: { ...before.state, ...changed } });
  }

  /** @returns those that are new, or are shown differently now */
  function batch(match_id: string, events: readonly MatchEvent[]): readonly MatchEvent[] | 'old' | 'gap' {
    const match = followed.get(match_id);
    if (!match?.tiers.includes(1) || match.awaited.has(1)) return 'old';
    if (match.events === undefined) match.events = [...events];
    else {
      const all = new Map(match.events.map((event) => [event.seq, event]));
      const last = lastOf(match);
      const added = events.filter(({ seq }) => seq > last);
      if (added.some(({ seq }, i) => seq !== last + 1 + i)) return 'gap';
      for (const event of events) if (event.seq > last || all.has(event.seq)) all.set(event.seq, event);
      match.events = [...all.values()].slice(-MOST_EVENTS);
    }
    return events;
  }

  return {
    ask,
    snapshot,
    delta,
    batch,
    leave: (match_id: string) => followed.delete(match_id),
    isFollowed: (match_id: string) => followed.has(match_id),
    ids: () => [...followed.keys()],
    tier: (match_id: string, tier: Tier): MatchTier | undefined => followed.get(match_id)?.known.get(tier),
    events: (match_id: string): readonly MatchEvent[] => followed.get(match_id)?.events ?? [],
  };
}

function keep(match: Followed, tier: MatchTier): MatchTier {
  match.known.set(tier.tier, tier);
  return tier;
}

/** Of tier 1; its older events may be gone. */
const lastOf = ({ known, events }: Followed) => Math.max(known.get(1)?.seq ?? 0, events?.at(-1)?.seq ?? 0);
