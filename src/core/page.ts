/** Lists in pages: a stable order, and an opaque cursor that holds the sort key of the last item. */
import { z } from 'zod';
import type { JsonObject } from './event.ts';

export interface Page {
  limit: number;
  /** The sort key to go on after; empty at the start. */
  after: string[];
}

export const MAX_PAGE = 200;

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
  return { limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50), cursor: cursor.optional() };
}

/** Of `limit + 1` rows the last is only the sign that there is more. */
export function pageOf<Row>(
  rows: Row[],
  { limit }: Page,
  resource: (row: Row) => JsonObject,
  keyOf: (row: Row) => string[],
): { items: JsonObject[]; next_cursor: string | null } {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const next_cursor = last ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null;
  return { items: items.map(resource), next_cursor };
}
