/**
 * Admins are told of matches about which the feeds of their institution disagree: of each pair of sources once, however often
 * these change their minds, and of all that was found since the last look together. A worker that dies before it has noted
 * whom it told is followed by one that tells it again, under the same key.
 */
import { groupBy } from '../../src/core/groupBy.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { WithinTransaction } from '../../src/feeds/matches/storeMatches.ts';
import type { Publish } from '../../src/infra/console/tellConsole.ts';
import { notify } from '../notices/notify.ts';

/** Of one look. */
const LOOKED_AT = 500;
/** Of a notice. */
const MOST_NAMED = 5;

/** What another worker tells of just now is left to it. */
const UNTOLD = `
  select d.match_id, d.other_id, d.institution_id, d.found_at, m.title
  from match_disputes d join matches m on m.id = d.match_id
  where d.told_at is null order by d.found_at, d.match_id, d.other_id limit ${LOOKED_AT} for update of d skip locked`;

const TOLD = `
  update match_disputes d set told_at = clock_timestamp()
  from json_to_recordset($1) as t (match_id uuid, other_id uuid)
  where d.match_id = t.match_id and d.other_id = t.other_id`;

interface Untold {
  match_id: string;
  other_id: string;
  institution_id: string;
  found_at: string;
  title: string;
}

/** @param db of role `worker`. @param within a transaction of role `feeds`. @returns of how many disputes somebody was told */
export function tellDisputes(db: Queryable, within: WithinTransaction, publish: Publish): Promise<number> {
  return within(async (own) => {
    const { rows } = await own.query<Untold>(UNTOLD);
    if (rows.length === 0) return 0;
    const notices = [...groupBy(rows, ({ institution_id }) => institution_id)].map(([admins, disputes]) => {
      const [first] = disputes as [Untold];
      const key = `dispute ${first.match_id} ${first.other_id} ${first.found_at}`;
      return { to: { admins }, kind: 'notice' as const, key, text: textOf(disputes) };
    });
    await notify(db, publish, notices);
    await own.query(TOLD, [JSON.stringify(rows)]);
    return rows.length;
  });
}

/** Of a match with three sources that differ there are three disputes. */
function textOf(disputes: readonly Untold[]): string {
  const matches = new Map(disputes.map(({ match_id, title }) => [match_id, title]));
  const ids = [...matches.keys()].slice(0, MOST_NAMED).join(', ');
  const [title] = matches.values();
  const which = matches.size === 1 ? `result of ${title!.slice(0, 120)}` : `results of ${matches.size} matches`;
  return `Feeds disagree about the ${which}. GET /api/match/<id> shows under disputes what each says: ${ids}.`;
}
