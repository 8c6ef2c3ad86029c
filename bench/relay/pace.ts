/**
 * Events at a fixed rate, whatever the contestant does: an open loop, so that a slow one is not asked less. They are
 * recorded some at a time, and announced one by one, evenly.
 */
import type { Docket } from '../grounds.ts';
import type { Stage } from './stage.ts';

const TICK_MS = 25;
/** What an entry says, so that the message is about 800 bytes: hashes, ids and the salt are the rest. */
const TEXT = 'May it please the court: the berth was closed without notice, and the charter says nothing of it. ';

/** @returns how many were recorded, when all have been taken. @param only the dockets that are written to */
export async function recordAtRate(stage: Stage, per_second: number, seconds: number, only: Docket[]): Promise<number> {
  const total = Math.round(per_second * seconds);
  const taken: Promise<void>[] = [];
  let sent = 0;
  const began = performance.now();
  while (sent < total) {
    stage.signal.throwIfAborted();
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1_000) * per_second) + 1);
    if (sent < due)
      taken.push(
        stage.record(
          Array.from({ length: due - sent }, (_, i) => only[(sent + i) % only.length]!),
          TEXT,
          1_000 / per_second,
        ),
      );
    sent = due;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(taken);
  return total;
}
