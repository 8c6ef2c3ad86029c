/** Tiers 1 and 2 of a round's matches: what a provider says happened, and how their teams stand. Pure. */
import { groupBy } from '../../core/groupBy.ts';
import type { ProviderEvent, Standings } from '../providers/provider.ts';
import type { NewMatchEvent } from './changes.ts';
import type { KnownMatch } from './feedUpdates.ts';
import type { BesideUpdate } from './nextState.ts';

/** Of one match and poll: the rest comes with the next ones. */
const MOST_EVENTS = 200;

/** @param now of those whose time no site says */
export function updatesOfEvents(
  known: readonly KnownMatch[],
  events: readonly ProviderEvent[],
  now: string,
): BesideUpdate[] {
  const byDebate = groupBy(events, ({ debate }) => debate);
  return known.flatMap(({ row }) => {
    const own = byDebate.get(row.provider_id!) ?? [];
    const said = own.slice(-MOST_EVENTS).map((event) => saidOf(row.provider, event, now));
    return said.length > 0 ? [{ match_id: row.id, events: said }] : [];
  });
}

function saidOf(provider: string, { id, type, at, text }: ProviderEvent, now: string): NewMatchEvent {
  return { provider, provider_event_id: id, kind: type, at: at ?? now, details: { text }, confidence: 100 };
}

/** Of a match the two teams that meet in it. */
export function updatesOfStandings(known: readonly KnownMatch[], { teams }: Standings): BesideUpdate[] {
  const byName = new Map(teams.flatMap(({ name, rank, points }) => (name === null ? [] : [[name, { rank, points }]])));
  return known.flatMap(({ row, state }) => {
    const [petitioner = null, respondent = null] = [state.petitioner, state.respondent].map((name) =>
      name === null ? null : (byName.get(name) ?? null),
    );
    if (petitioner === null && respondent === null) return [];
    return [{ match_id: row.id, stats: { petitioner, respondent } }];
  });
}
