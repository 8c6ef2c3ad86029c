/** What both sides changed: listed under a number until an admin takes one side, or both come to the same. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Conflict } from './plan.ts';

export type Numbered = Conflict & { n: number };

/** A conflict that is listed already keeps its number; new ones get those that follow. */
export async function numbered(db: Queryable, feed_id: string, conflicts: readonly Conflict[]): Promise<Numbered[]> {
  const { rows } = await db.query<{ n: number; assignment_id: string; field: string; is_open: boolean }>(
    `select n, assignment_id, field, settled_at is null as is_open from feed_conflicts
     where feed_id = $1 and (settled_at is null or n = (select max(n) from feed_conflicts where feed_id = $1))`,
    [feed_id],
  );
  const open = new Map(
    rows.filter(({ is_open }) => is_open).map((row) => [`${row.assignment_id} ${row.field}`, row.n]),
  );
  let last = Math.max(0, ...rows.map(({ n }) => n));
  return conflicts.map((one) => {
    const n = open.get(`${one.assignment_id} ${one.field}`);
    if (n !== undefined) return { ...one, n };
    last += 1;
    return { ...one, n: last };
  });
}

/** @param debates what was looked at: their conflicts that are none any more are over */
export async function storeConflicts(
  db: Queryable,
  feed_id: string,
  conflicts: readonly Numbered[],
  debates: readonly string[],
): Promise<void> {
  const rows = JSON.stringify(conflicts);
  await db.query(
    `update feed_conflicts c set settled_at = clock_timestamp(), taken = 'neither'
     where feed_id = $1 and settled_at is null and debate = any($3)
       and not exists (select from json_to_recordset($2) as r (n integer) where r.n = c.n)`,
    [feed_id, rows, debates],
  );
  await db.query(
    `insert into feed_conflicts (feed_id, n, assignment_id, debate, field, base, ours, theirs)
     select $1, n, assignment_id, debate, field, base, ours, theirs
     from json_to_recordset($2) as r (n integer, assignment_id uuid, debate text, field text, base json, ours json, theirs json)
     on conflict (feed_id, n) do update
     set debate = excluded.debate, base = excluded.base, ours = excluded.ours, theirs = excluded.theirs`,
    [feed_id, rows],
  );
}
