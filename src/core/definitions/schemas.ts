/** Pieces of input schemas that many commands share. What may enter a payload is decided here once. */
import { z } from 'zod';
import type { JsonObject } from './event.ts';
import { privately } from './privateText.ts';

/** Any 8-4-4-4-12 hex id, in lower case. */
export const id = z.guid().toLowerCase();

/** Line breaks and other control characters, and those that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Text that reads as it is written. For input alone: what was recorded before it was asked for stays as it is. U+0000 is refused everywhere. */
export const isPlain = (text: string) => !UNSEEN.test(text.replaceAll('\u0000', ''));
export const NOT_PLAIN = 'must not hold control characters or those that turn the direction of writing';

/** A line of text that must say something. */
export const line = z.string().min(1).max(200).refine(isPlain, NOT_PLAIN);

/** What somebody says in court, written down. */
export const remark = privately(z.string().min(1).max(500));

/** A whole number as a query string gives it: in digits alone. */
export function wholeNumber(min: number, max: number) {
  const read = (text: unknown) => (typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : text);
  const described = { type: 'integer', minimum: min, maximum: max } as const;
  return z
    .preprocess(read, z.int(`is a whole number from ${min} to ${max}, in digits`).min(min).max(max))
    .meta(described);
}

/** An instant in RFC 3339, kept as UTC with milliseconds. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => {
    const year = new Date(text).getUTCFullYear();
    return year >= 2000 && year <= 2100;
  }, 'must be an instant between the years 2000 and 2100')
  .overwrite((text) => (Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString()));

/**
 * An object of the sender's own making, at most `depth` levels deep. The walk over the whole body has already refused
 * what no payload may hold.
 */
export function freeObject(depth: number) {
  return z.record(z.string(), z.unknown()).refine((value) => isWithin(value, depth), {
    error: `must not be deeper than ${depth} levels`,
  }) as unknown as z.ZodType<JsonObject>;
}

/** Looks no deeper than it must: however deep the value is, the walk ends. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isWithin(item, levels - 1));
}
