/** What questions about one session have in common: their target, and lists of its rows in the order of an instant. */
import { z } from 'zod';
import { type Page, pageOf, pageQuery } from '../../core/definitions/page.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

export function aboutSession({ session_id }: { session_id: string }) {
  return { kind: 'session' as const, id: session_id };
}

/** The query string of a list in the order of an instant. */
export const byInstant = z.strictObject(pageQuery([instant, id]));

/**
 * The rows of a session in one table, page by page or all of them for a snapshot.
 * @param at the column of the instant; rows of one instant are in the order of their ids
 * @param only a condition on the rows, where they are not all
 */
export function sessionRows<Row extends { id: string }, Item>(
  table: string,
  columns: string,
  at: keyof Row & string,
  resource: (row: Row) => Item,
  only = 'true',
) {
  const rows = `select ${columns} from ${table} where session_id = $1 and ${only}`;
  const order = `order by ${at}, id`;

  async function page(db: Queryable, session_id: string, page: Page) {
    const [after_time = null, after_id = null] = page.cursor ?? [];
    const text = `${rows} and ($2::timestamptz is null or (${at}, id) > ($2, $3::uuid)) ${order} limit $4`;
    const found = await db.query<Row>(text, [session_id, after_time, after_id, page.limit + 1]);
    return pageOf(found.rows, page, resource, (row) => [String(row[at]), row.id]);
  }

  async function all(db: Queryable, session_id: string): Promise<Item[]> {
    const found = await db.query<Row>(`${rows} ${order}`, [session_id]);
    return found.rows.map(resource);
  }

  return { page, all };
}
