/** What stands of a feed's matches, for what is read of its site to be compared with. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Imported, KnownMatch } from './feedUpdates.ts';
import type { KnownState } from './nextState.ts';
import { ROW } from './storeMatches.ts';

/** Of a round: all that it can have, drawn anew with other teams once. Beyond it none are made. */
export const MOST_OF_ROUND = 4_000;
/** Of a feed. */
const MOST_OF_FEED = 20_000;

/** A match of the round, with what stands of it. */
export interface StoredMatch extends KnownMatch {
  stored: KnownState;
}

/** As `KNOWN` has it. */
export type KnownRow = Omit<KnownState, 'known'>;

export const KNOWN = `
  select ${ROW} as row, s.version, s.seq, s.state, s.stats, s.claim, s.source
  from matches m join match_state s on s.match_id = m.id
  where m.feed_id = $1 and m.round = $2 order by m.id limit ${MOST_OF_ROUND}`;

/** Those that are withdrawn too: their draw may be released again. */
export async function readRound(db: Queryable, feed_id: string, round: number): Promise<StoredMatch[]> {
  return (await db.query<KnownRow>(KNOWN, [feed_id, round])).rows.map(storedOf);
}

/** None of what its site says beside it was looked up. */
const NO_EVENTS: ReadonlySet<string> = new Set();

/** It has the score that its own source said, corrected or not. */
export function storedOf(known: KnownRow): StoredMatch {
  const { row, state, claim } = known;
  return { row, state: { ...state, score: claim }, stored: { ...known, known: NO_EVENTS } };
}

const KEPT = `
  select count(*)::integer as count from (select from matches where feed_id = $1 limit ${MOST_OF_FEED}) kept`;

/** How many matches may be made of a round, of which so many are known. */
export async function readPlaces(db: Queryable, feed_id: string, known: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>({ name: 'count-matches-of-feed', text: KEPT, values: [feed_id] });
  return Math.max(0, Math.min(MOST_OF_ROUND - known, MOST_OF_FEED - rows[0]!.count));
}

const OTHERS = `select distinct round from matches where feed_id = $1 and published and round <> all($2) order by round`;

/** Rounds of which matches are shown, but those that are listed. */
export async function readOtherRounds(db: Queryable, feed_id: string, listed: readonly number[]): Promise<number[]> {
  return (await db.query<{ round: number }>(OTHERS, [feed_id, listed])).rows.map(({ round }) => round);
}

/** @param debates the parameter that names them */
export const importedOf = (debates: `$${number}`) => `
  select m.provider_id, m.canonical_id as assignment_id,
    case when a.visibility <> m.base->>'visibility' then a.visibility else m.base->>'released_as' end as visibility
  from feed_mappings m left join assignments a on a.id = m.canonical_id
  where m.feed_id = $1 and m.entity_type = 'debate' and m.provider_id = any(${debates}::text[])`;

/** By the debate. */
export async function readImported(
  db: Queryable,
  feed_id: string,
  debates: readonly string[],
): Promise<Map<string, Imported>> {
  const { rows } = await db.query<ImportedRow>(importedOf('$2'), [feed_id, debates]);
  return importedBy(rows);
}

export type ImportedRow = Imported & { provider_id: string };

export function importedBy(rows: readonly ImportedRow[]): Map<string, Imported> {
  return new Map(rows.map(({ provider_id, ...imported }) => [provider_id, imported]));
}
