/**
 * States kept in memory from one transaction to the next, those that were used last, by how much they are together: one
 * that has to go costs its worker a question more, and the folding of its events.
 */
import { getHeapStatistics, serialize } from 'node:v8';
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
  /** Payloads that came since. */
  since_bytes: number;
}

/** How a stream came to where it is now. */
interface Came {
  erased: number;
  /** Payloads that were folded since it was kept last. */
  since_bytes: number;
}

export interface KeptStates {
  get(stream: string): Kept | undefined;
  keep(stream: string, current: StreamState, came: Came): void;
}

const MOST_BYTES = 128 * 1_048_576;
const DAY_MS = 24 * 3_600_000;
/** Those that ended are looked for so often: each is walked past. */
const SWEEP_EVERY_MS = 3_600_000;
/** What stands around each: its name, its head, its place. */
const AROUND_BYTES = 512;
/**
 * To weigh a state costs what it is large: it is done again when so many events have come and an eighth of the whole, or
 * payloads that outweigh an eighth of it.
 */
const WEIGHED_EVERY = 16;
const SHARE = 1 / 8;

/** Serialized; as objects they are up to half as much more. @param heap_bytes that a process may have: all else it does needs room, too */
export function keptBytesOf(heap_bytes: number): number {
  return Math.floor(Math.min(MOST_BYTES, heap_bytes / 8));
}

/** @param clock in milliseconds */
export function createKeptStates(
  most_bytes = keptBytesOf(getHeapStatistics().heap_size_limit),
  clock = () => performance.now(),
): KeptStates {
  const kept = new LRUCache<string, Kept>({
    maxSize: most_bytes,
    ttl: DAY_MS,
    perf: { now: clock },
    // One that is larger than all together is kept too, alone.
    sizeCalculation: ({ weighed }) => Math.min(AROUND_BYTES + weighed.bytes, most_bytes),
  });
  let swept_at = clock();

  function keep(stream: string, current: StreamState, { erased, since_bytes }: Came): void {
    kept.set(stream, { ...current, erased, weighed: weigh(current, since_bytes, kept.peek(stream)?.weighed) });
    if (clock() - swept_at < SWEEP_EVERY_MS) return;
    kept.purgeStale();
    swept_at = clock();
  }

  return { get: (stream) => kept.get(stream), keep };
}

function weigh({ head: { sequence }, state }: StreamState, came_bytes: number, before: Weighed | undefined): Weighed {
  const since_bytes = (before?.since_bytes ?? 0) + came_bytes;
  const isAsBefore =
    before !== undefined &&
    Math.abs(sequence - before.sequence) < Math.max(WEIGHED_EVERY, before.sequence * SHARE) &&
    since_bytes <= (AROUND_BYTES + before.bytes) * SHARE;
  if (isAsBefore) return { ...before, since_bytes };
  return { bytes: serialize(state).length, sequence, since_bytes: 0 };
}
