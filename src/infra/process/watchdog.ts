/**
 * A command whose decision never ends takes its whole process with it: no timer runs, no signal is heard, and its
 * transaction stays open. A thread of its own sees that the main thread has not beaten for 5 seconds and ends the
 * process with SIGABRT. The next worker finds the command overdue and counts each attempt before it makes it.
 */

import { url as inspectorUrl } from 'node:inspector';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { timings } from '../timings.ts';
import type { Shared } from './watchdogThread.ts';

/** Told which command is being decided; null when none is any more. */
export type Watch = (command: { id: string; name: string } | null) => void;

export interface Watchdog {
  watch: Watch;
  close(): Promise<unknown>;
}

const NOTE_BYTES = 256;

/** @param process as its log calls it */
export function startWatchdog(process: string): Watchdog {
  // A debugger stops the process on purpose.
  if (inspectorUrl() !== undefined) return { watch: () => {}, close: async () => {} };
  const shared: Shared = {
    beats: new Int32Array(new SharedArrayBuffer(4)),
    length: new Int32Array(new SharedArrayBuffer(4)),
    note: new Uint8Array(new SharedArrayBuffer(NOTE_BYTES)),
    process,
    patience_ms: timings.watchdog.patience_ms,
  };
  const file = new URL(`./watchdogThread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(file, { workerData: shared });
  thread.unref();
  const beating = setInterval(() => Atomics.add(shared.beats, 0, 1), timings.watchdog.beat_every_ms).unref();
  const encoder = new TextEncoder();

  function watch(command: { id: string; name: string } | null): void {
    const length = command ? encoder.encodeInto(`${command.id} ${command.name}`, shared.note).written : 0;
    Atomics.store(shared.length, 0, length);
  }

  function close(): Promise<unknown> {
    clearInterval(beating);
    return thread.terminate();
  }

  return { watch, close };
}
