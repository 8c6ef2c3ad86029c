/**
 * What requests leave behind, gathered in memory by key and stored many together, never while one of them waits. What could not
 * be stored waits, within bounds, for the next round; a stop waits for the last round, but not for ever.
 */
import { waitAtMost } from '../core/withTimeout.ts';

export interface Gathering<Item> {
  add(key: string, item: Item): void;
  /** Begins a round so many milliseconds from now, unless one is to begin before. */
  later(in_ms: number): void;
  /** Stores what is there, due or not; nothing is stored any more afterwards. */
  close(): Promise<void>;
}

export interface GatheringOptions<Item> {
  /** So many are held. */
  most: number;
  /** Which goes when there are more. */
  drops: 'oldest' | 'newest';
  /** So many are stored in one portion. */
  at_once: number;
  again_ms: number;
  last_ms: number;
  /** Of two with the same key. */
  joined(older: Item, newer: Item): Item;
  /** What is not due waits for a later round. */
  isDue?(item: Item): boolean;
  /** What a round begins with: it may add. */
  prepare?(): Promise<void>;
  store(items: [key: string, item: Item][]): Promise<void>;
  /** Of a portion that could not be stored. */
  failed(err: unknown, unstored: number): void;
  dropped?(item: Item): void;
}

export function gather<Item>(options: GatheringOptions<Item>): Gathering<Item> {
  const { most, drops, at_once, joined, isDue = () => true, prepare, store, failed, dropped } = options;
  let held = new Map<string, Item>();
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> | undefined;
  /** While it is stored, the soonest that was asked for. */
  let asked_ms = Infinity;
  let isClosed = false;

  function add(key: string, item: Item): void {
    const before = held.get(key);
    const isOver = before === undefined && held.size >= most;
    if (isOver && drops === 'newest') {
      dropped?.(item);
      return;
    }
    if (isOver) dropOldest();
    held.set(key, before === undefined ? item : joined(before, item));
  }

  function dropOldest(): void {
    const [key, item] = held.entries().next().value!;
    held.delete(key);
    dropped?.(item);
  }

  function later(in_ms: number): void {
    if (isClosed) return;
    if (storing) asked_ms = Math.min(asked_ms, in_ms);
    else timer ??= setTimeout(begin, in_ms).unref();
  }

  function begin(): void {
    timer = undefined;
    storing = storeDue();
  }

  async function storeDue(): Promise<void> {
    let isDone = false;
    try {
      isDone = await storeAll(isDue);
    } finally {
      storing = undefined;
      // What is held then is not due, could not be stored, or was asked for meanwhile.
      const in_ms = Math.min(isDone ? asked_ms : Infinity, held.size > 0 ? options.again_ms : Infinity);
      asked_ms = Infinity;
      if (in_ms < Infinity) later(in_ms);
    }
  }

  /** Until nothing is due. @returns false where a portion could not be stored */
  async function storeAll(takes: (item: Item) => boolean): Promise<boolean> {
    await prepare?.();
    for (;;) {
      const portion = [...held].filter(([, item]) => takes(item)).slice(0, at_once);
      if (portion.length === 0) return true;
      for (const [key] of portion) held.delete(key);
      try {
        await store(portion);
      } catch (err) {
        failed(err, portion.length);
        putBack(portion);
        return false;
      }
    }
  }

  /** In front: what came since is newer. */
  function putBack(portion: [string, Item][]): void {
    const newer = held;
    held = new Map(portion);
    for (const [key, item] of newer) add(key, item);
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearTimeout(timer);
    await waitAtMost(
      (storing ?? Promise.resolve()).then(() => storeAll(() => true)),
      options.last_ms,
    );
  }

  return { add, later, close };
}
