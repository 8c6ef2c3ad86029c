/**
 * Events for `for await`: each reader has a queue of its own. One that does not read fills its queue, and the client then
 * takes nothing more from the server until half of it is read; nothing is dropped.
 */
import type { SessionEvent } from './protocol.ts';

export interface Readers {
  add(): AsyncIterableIterator<SessionEvent>;
  give(event: SessionEvent): void;
  isFull(): boolean;
  /** Resolves when all readers have room again. */
  whenRoom(): Promise<void>;
  /** What is queued can still be read; then readers end, or throw. */
  end(error?: Error): void;
}

interface Reader {
  queue: SessionEvent[];
  waiting: (() => void)[];
}

/** @param most in one queue */
export function createReaders(most: number): Readers {
  const readers = new Set<Reader>();
  let hasRoom = () => {};
  let wasFull = false;
  let end: { error: Error | undefined } | undefined;

  function isFull(): boolean {
    for (const { queue } of readers) wasFull ||= queue.length >= most;
    return wasFull;
  }

  function onRead(): void {
    if (!wasFull || [...readers].some(({ queue }) => queue.length > most / 2)) return;
    wasFull = false;
    hasRoom();
  }

  function add(): AsyncIterableIterator<SessionEvent> {
    const reader: Reader = { queue: [], waiting: [] };
    readers.add(reader);
    const leave = () => {
      readers.delete(reader);
      reader.queue.length = 0;
      wake(reader);
      onRead();
    };
    const done = { done: true as const, value: undefined };
    const iterator: AsyncIterableIterator<SessionEvent> = {
      async next() {
        for (;;) {
          const value = reader.queue.shift();
          if (value) {
            onRead();
            return { done: false, value };
          }
          if (!readers.has(reader)) return done;
          if (end) {
            leave();
            if (end.error) throw end.error;
            return done;
          }
          await new Promise<void>((resolve) => reader.waiting.push(resolve));
        }
      },
      async return() {
        leave();
        return done;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  return {
    add,
    isFull,
    whenRoom: () =>
      new Promise((resolve) => {
        hasRoom = resolve;
        if (!wasFull || end) resolve();
      }),
    give(event) {
      for (const { queue } of readers) queue.push(event);
      readers.forEach(wake);
    },
    end(error) {
      end ??= { error };
      hasRoom();
      readers.forEach(wake);
    },
  };
}

function wake({ waiting }: Reader): void {
  for (const resolve of waiting.splice(0)) resolve();
}
