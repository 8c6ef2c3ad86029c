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
}

export interface Situation {
  /** A leader has come after the one whose job this is. */
  is_fenced: boolean;
  /** By the database's clock, which leaders keep to: this machine's may be anywhere. */
  now_ms: number;
  /** Undefined where it was removed. */
  feed: Feed | undefined;
  /** The matches of the round. */
  known: StoredMatch[];
  imported: Map<string, Imported>;
}

const SITUATION = `
  select exists (select from leases where name = 'scheduler' and term > $4) as is_fenced,
    extract(epoch from clock_timestamp())::float8 * 1000 as now_ms, ${FEED},
    (select coalesce(json_agg(k), '[]') from (${KNOWN}) k) as known,
    (select coalesce(json_agg(i), '[]') from (${importedOf('$3')}) i) as imported
  from (select) here left join feeds f on f.id = $1 and f.state <> 'removed'`;

type Row = Pick<Situation, 'is_fenced' | 'now_ms'> & { known: KnownRow[]; imported: ImportedRow[] } & (
    | Feed
    | { [column in keyof Feed]: null }
  );

/** @param db of role `worker` */
export async function readSituation(db: Queryable, { feed_id, round, debates, term }: Asked): Promise<Situation> {
  const values = [feed_id, round, debates, term];
  const { rows } = await db.query<Row>({ name: 'fence-of-poll', text: SITUATION, values });
  const { is_fenced, now_ms, known, imported, ...feed } = rows[0]!;
  return {
    ...{ is_fenced, now_ms, feed: feed.id === null ? undefined : feed },
    ...{ known: known.map(storedOf), imported: importedBy(imported) },
  };
}
