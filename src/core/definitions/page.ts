/**
 * Lists in pages: a stable order, and an opaque cursor that holds the sort key of the last item. A page ends after so
 * many items, or with the one that makes it so long.
 */
import { z } from 'zod';
import type { JsonObject } from './event.ts';
import { wholeNumber } from './schemas.ts';

export interface Page {
  limit: number;
  /** The sort key to go on after; none at the start. */
  cursor?: string[] | undefined;
}

export const MAX_PAGE = 200;
/** Of a question that does not say. */
export const USUAL_PAGE = 50;
/** Of a page's text, but for its last item. Postgres adds up: what is not sent is not read into memory. */
export const PAGE_BYTES = 1024 * 1024;

/** The statement of a list whose items can be long, ended where the page is full. For `pageOf`. */
export function withinPage(text: string): string {
  return `
    select * from (
      select item.*, lead(true) over () is null as is_last,
        sum(octet_length(item::text)) over (rows unbounded preceding) - octet_length(item::text) as bytes_before
      from (${text}) item) page
    where bytes_before < ${PAGE_BYTES}`;
}

/** `limit` and `cursor` as a query string gives them. `shape` says what each part of a sort key must look like. */
export function pageQuery(shape: readonly z.ZodType<string>[]) {
  const key = z.tuple(shape as [z.ZodType<string>, ...z.ZodType<string>[]]);
  const cursor = z.string().transform((text, context): string[] => {
    try {
      return key.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    } catch {
      context.addIssue({ code: 'custom', message: 'is not a cursor of this list' });
      return z.NEVER;
    }
  });
  return { limit: wholeNumber(1, MAX_PAGE).default(USUAL_PAGE), cursor: cursor.optional() };
}

/** Of `limit + 1` rows the last is only the sign that there is more; so is a last row that is not the list's last. */
export function pageOf<Row, Item = JsonObject>(
  rows: Row[],
  { limit }: Page,
  resource: (row: Row) => Item,
  keyOf: (row: Row) => string[],
): { items: Item[]; next_cursor: string | null } {
  const read = rows as (Row & { is_last?: boolean; bytes_before?: number })[];
  const isMore = rows.length > limit || read.at(-1)?.is_last === false;
  const items = read.slice(0, limit).map(({ is_last, bytes_before, ...row }) => row as unknown as Row);
  const last = isMore ? items.at(-1) : undefined;
  const next_cursor = last ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null;
  return { items: items.map(resource), next_cursor };
}
