/** Reading what verification found, the newest first. A finding stays when it is resolved. */
import type { JsonObject } from '../core/definitions/event.ts';
import { type Page, pageOf, withinPage } from '../core/definitions/page.ts';
import type { Queryable } from '../core/sql/queryable.ts';

export interface KeptFinding {
  id: string;
  /** The job that first found it. */
  job: string;
  /** Null where it speaks of the database's guards. */
  stream: string | null;
  /** As verification words them, the first 100. */
  issues: string[];
  issues_omitted: number;
  found_at: string;
  last_seen_at: string;
  resolved_at: string | null;
}

export const FINDING_STATES = ['open', 'resolved', 'all'] as const;

export async function readFindings(
  db: Queryable,
  state: (typeof FINDING_STATES)[number],
  page: Page,
): Promise<JsonObject> {
  const [before_time = null, before_id = null] = page.after;
  const { rows } = await db.query<KeptFinding>(
    withinPage(`select id, job, stream, issues, issues_omitted, found_at, last_seen_at, resolved_at from findings
     where ($1 = 'all' or (resolved_at is null) = ($1 = 'open'))
       and ($2::timestamptz is null or (found_at, id) < ($2, $3::uuid))
     order by found_at desc, id desc limit $4`),
    [state, before_time, before_id, page.limit + 1],
  );
  return pageOf(
    rows,
    page,
    (row) => ({ ...row }),
    (row) => [row.found_at, row.id],
  );
}
