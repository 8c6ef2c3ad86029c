/**
 * States kept in memory from one transaction to the next, those that were used last, by how much they are together: one
 * that has to go costs its worker a question more, and the folding of its events.
 */
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { Head } from '../definitions/stream.ts';

export interface StreamState {
  head: Head;
  state: unknown;
}

interface Kept extends StreamState {
  /** How many payloads of the stream had been erased. */
  erased: number;
  weighed: Weighed;
}

/** How large the state was, serialized, and at which event. */
interface Weighed {
  bytes: number;
  sequence: number;
}

export interface KeptStates {
  get(stream: string): Kept | undefined;
  keep(stream: string, current: StreamState, erased: number): void;
}

/** Serialized; in memory they are up to half as much more. */
export const KEPT_BYTES = 128 * 1_048_576;
/** What stands around each: its name, its head, its place. */
const AROUND_BYTES = 512;
/** To weigh a state costs what it is large: it is done again when so many events have come, and an eighth of the whole. */
const WEIGHED_EVERY = 16;
const SHARE = 1 / 8;

export function createKeptStates(most_bytes = KEPT_BYTES): KeptStates {
  const kept = new LRUCache<string, Kept>({
    maxSize: most_bytes,
    // One that is larger than all together is kept too, alone.
    sizeCalculation: ({ weighed }) => Math.min(AROUND_BYTES + weighed.bytes, most_bytes),
  });

  function keep(stream: string, current: StreamState, erased: number): void {
    kept.set(stream, { ...current, erased, weighed: weigh(current, kept.peek(stream)?.weighed) });
  }

  return { get: (stream) => kept.get(stream), keep };
}

function weigh({ head: { sequence }, state }: StreamState, before: Weighed | undefined): Weighed {
  if (before && Math.abs(sequence - before.sequence) < Math.max(WEIGHED_EVERY, before.sequence * SHARE)) return before;
  return { bytes: serialize(state).length, sequence };
}
