/** The watchdog's own thread. What it says it writes synchronously: a moment later nobody is left to write it. */

import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { timings } from '../timings.ts';

/** What both threads see. */
export interface Shared {
  /** Counted up by the main thread. */
  beats: Int32Array;
  /** Bytes of `note` in use; 0 between decisions. */
  length: Int32Array;
  /** UTF-8: the id and the name of the command being decided. */
  note: Uint8Array;
  process: string;
  patience_ms: number;
}

/** How the main thread was found. */
export interface Sight {
  beats: number;
  checked_at_ms: number;
  stalled_ms: number;
}

/**
 * How long the main thread has stood still while this one ran. A longer time between two looks means that the machine
 * was suspended or the process stopped, when nobody can beat: it counts as one check.
 */
export function check(last: Sight, beats: number, now_ms: number): Sight {
  if (beats !== last.beats) return { beats, checked_at_ms: now_ms, stalled_ms: 0 };
  const since_ms = Math.min(now_ms - last.checked_at_ms, 2 * timings.watchdog.check_every_ms);
  return { beats, checked_at_ms: now_ms, stalled_ms: last.stalled_ms + since_ms };
}

function guard(shared: Shared): void {
  let sight: Sight = { beats: -1, checked_at_ms: performance.now(), stalled_ms: 0 };
  setInterval(() => {
    sight = check(sight, Atomics.load(shared.beats, 0), performance.now());
    if (sight.stalled_ms < shared.patience_ms) return;
    tell(shared, sight.stalled_ms);
    process.kill(process.pid, 'SIGABRT');
  }, timings.watchdog.check_every_ms);
}

/** One line as the log has them. */
function tell(shared: Shared, stalled_ms: number): void {
  const note = new TextDecoder().decode(shared.note.slice(0, Atomics.load(shared.length, 0)));
  const [command_id, command] = note === '' ? [] : note.split(' ');
  const line = {
    level: 60,
    time: new Date().toISOString(),
    process: shared.process,
    stalled_ms: Math.round(stalled_ms),
    command_id,
    command,
    msg: 'the main thread stands still: the process is ended',
  };
  try {
    writeSync(2, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody reads the log; the process ends all the same.
  }
}

if (parentPort) guard(workerData as Shared);
