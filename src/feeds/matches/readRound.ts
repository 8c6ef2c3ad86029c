/** What stands of a feed's matches, for what is read of its site to be compared with. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { KnownMatch } from './feedUpdates.ts';
import type { Score } from './match.ts';
import { ROW } from './storeMatches.ts';

/** More matches than any round has. */
const MOST = 2_000;

const KNOWN = `
  select ${ROW} as row, s.state, s.claim from matches m join match_state s on s.match_id = m.id
  where m.feed_id = $1 and m.round = $2 order by m.id limit ${MOST}`;

/** Those that are withdrawn too: their draw may be released again. Each has the score that its own source said, corrected or not. */
export async function readRound(db: Queryable, feed_id: string, round: number): Promise<KnownMatch[]> {
  const { rows } = await db.query<KnownMatch & { claim: Score | null }>(KNOWN, [feed_id, round]);
  return rows.map(({ row, state, claim }) => ({ row, state: { ...state, score: claim } }));
}

const IMPORTED = `
  select provider_id, canonical_id from feed_mappings
  where feed_id = $1 and entity_type = 'debate' and provider_id = any($2)`;

/** The assignment that each debate was imported as. */
export async function readImported(
  db: Queryable,
  feed_id: string,
  debates: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ provider_id: string; canonical_id: string }>(IMPORTED, [feed_id, debates]);
  return new Map(rows.map(({ provider_id, canonical_id }) => [provider_id, canonical_id]));
}
