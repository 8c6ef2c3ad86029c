/**
 * Which rounds of an institution's feeds are the same one, as several sources tell it: each of their matches is a match of
 * the others, by its teams and nearly at the same time. One that has a match more, or a team by another name, stands alone. Pure.
 */
import { SAME_WITHIN_MS } from '../../src/feeds/matches/pair.ts';
import type { TargetRow } from './targets.ts';

export type RoundTold = Pick<TargetRow, 'feed_id' | 'institution_id' | 'round' | 'pairs' | 'times'>;

/** The rounds that are one, and when each pair of teams meets by the first of them. */
interface Same {
  name: string;
  times: ReadonlyMap<string, number>;
  feeds: Set<string>;
}

/** @returns of each a name that it shares with those that are the same, and with no others */
export function sameRounds(rounds: readonly RoundTold[]): string[] {
  const byTeams = new Map<string, Same[]>();
  return rounds.map((round) => {
    const { feed_id, institution_id, pairs, times } = round;
    const name = `${feed_id}-${round.round}`;
    const met = new Map(pairs.flatMap((pair, i) => (pair === null ? [] : [[pair, times[i]!] as const])));
    // A match without two teams that have names, or teams that meet twice: nobody can tell which is which.
    if (met.size < pairs.length) return name;
    const teams = `${institution_id} ${[...met.keys()].sort().join()}`;
    const known = byTeams.get(teams) ?? [];
    const same = known.find((one) => !one.feeds.has(feed_id) && isAtSameTime(one.times, met));
    if (same === undefined) byTeams.set(teams, [...known, { name, times: met, feeds: new Set([feed_id]) }]);
    else same.feeds.add(feed_id);
    return same?.name ?? name;
  });
}

function isAtSameTime(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return [...other].every(([pair, time]) => Math.abs(time - one.get(pair)!) <= SAME_WITHIN_MS);
}
