import { placeOf } from '../core/placeOf.ts';

/**
 * A map that is copied when it changes, a small part at a time: a state is kept from one transaction to the next and must
 * never change, and a gallery has thousands of messages.
 */
export interface Buckets<Value> {
  readonly size: number;
  readonly parts: readonly (ReadonlyMap<string, Value> | undefined)[];
}

const PARTS = 256;

export const NOTHING: Buckets<never> = { size: 0, parts: [] };

export function find<Value>({ parts }: Buckets<Value>, key: string): Value | undefined {
  return parts[placeOf(key, PARTS)]?.get(key);
}

export function withEntry<Value>({ size, parts }: Buckets<Value>, key: string, value: Value): Buckets<Value> {
  const changed =
    parts.length === 0 ? Array.from<ReadonlyMap<string, Value> | undefined>({ length: PARTS }) : [...parts];
  const place = placeOf(key, PARTS);
  const part = new Map(changed[place]);
  changed[place] = part.set(key, value);
  return { size: part.size > (parts[place]?.size ?? 0) ? size + 1 : size, parts: changed };
}
