/** What stands before the site of a feed is asked, by one statement: a poll that finds nothing new sends no other. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { FEED, type Feed } from '../../src/feeds/feed.ts';
import type { Imported } from '../../src/feeds/matches/feedUpdates.ts';
import {
  type ImportedRow,
  importedBy,
  importedOf,
  KNOWN,
  type KnownRow,
  type StoredMatch,
  storedOf,
} from '../../src/feeds/matches/readRound.ts';

/** What is asked about. */
export interface Asked {
  feed_id: string;
  /** Null of a whole schedule. */
  round: number | null;
  /** Of which is to be known what they were imported as. */
  debates: readonly string[];
  term: number;
  /** After which it is too late to ask, by the database's clock, which leaders keep to: this machine's may be anywhere. */
  until_ms: number;
  /** There is no place for it now. */
  is_busy: boolean;
}

/** `fenced`: a leader has come after the one whose job this is. */
export type Skipped = 'fenced' | 'late' | 'gone' | 'busy';

export interface Situation {
  /** Why nothing is to be asked: then nothing is known of matches either. */
  skipped: Skipped | null;
  /** By the database's clock. */
  now_ms: number;
  /** Undefined where it was removed. */
  feed: Feed | undefined;
  /** The matches of the round. */
  known: StoredMatch[];
  imported: Map<string, Imported>;
}

// What `case` does not come to is not read: a round may have thousands of matches.
const SITUATION = `
  select w.skipped, h.now_ms, ${FEED},
    case when w.skipped is null then (select coalesce(json_agg(k), '[]') from (${KNOWN}) k) else '[]' end as known,
    case when w.skipped is null then (select coalesce(json_agg(i), '[]') from (${importedOf('$3')}) i) else '[]' end as imported
  from (select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms) h
  left join feeds f on f.id = $1 and f.state <> 'removed'
  cross join lateral (
    select case when exists (select from leases where name = 'scheduler' and term > $4) then 'fenced'
      when h.now_ms > $5 then 'late' when f.state is distinct from 'enabled' then 'gone' when $6 then 'busy' end as skipped) w`;

type Row = Pick<Situation, 'skipped' | 'now_ms'> & { known: KnownRow[]; imported: ImportedRow[] } & (
    | Feed
    | { [column in keyof Feed]: null }
  );

/** @param db of role `worker` */
export async function readSituation(
  db: Queryable,
  { feed_id, round, debates, term, until_ms, is_busy }: Asked,
): Promise<Situation> {
  const values = [feed_id, round, debates, term, until_ms, is_busy];
  const { rows } = await db.query<Row>({ name: 'fence-of-poll', text: SITUATION, values });
  const { skipped, now_ms, known, imported, ...feed } = rows[0]!;
  return {
    ...{ skipped, now_ms, feed: feed.id === null ? undefined : feed },
    ...{ known: known.map(storedOf), imported: importedBy(imported) },
  };
}
