/** Removes what has had its time, in bounded portions; what there is no time for the next run takes. */
import type { JobTools } from '../job.ts';

const ROWS = 500;

export interface Swept {
  removed: Record<string, number>;
  is_complete: boolean;
}

/** @param sweeps what goes, and the statement that removes at most so many rows of it */
export async function sweepThreats(
  { pool, progress, isOver }: JobTools,
  sweeps: readonly [what: string, text: string][],
): Promise<Swept> {
  const removed = Object.fromEntries(sweeps.map(([what]) => [what, 0])) as Record<string, number>;
  for (const [what, text] of sweeps) {
    for (let count = ROWS; count === ROWS; ) {
      if (isOver()) return { removed, is_complete: false };
      count = (await pool.query(text, [ROWS])).rowCount ?? 0;
      removed[what]! += count;
      await progress(removed[what]!);
    }
  }
  return { removed, is_complete: true };
}
