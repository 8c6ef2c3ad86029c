/** The time of a side: what its turns may come to together, and how a rebuttal is carved out of it. Pure. */
import { MAX_DURATION_MS, type Side } from '../formats/format.ts';
import type { SessionState } from '../sessions/session.ts';
import type { Turn } from './turn.ts';

/** How much more may be allotted to the turns of a side. Extensions do not count; of a turn that goes on, what it used. */
export function sideTimeLeftMs({ turns, format }: SessionState, side: Side): number {
  if (!format || format.side_ms === null) return MAX_DURATION_MS;
  const claimed = turns
    .filter((turn) => turn.side === side)
    .map((turn) => (turns.some(({ continues }) => continues === turn.id) ? turn.used_ms! : turn.allotted_ms));
  return Math.max(0, format.side_ms - claimed.reduce((sum, ms) => sum + ms, 0));
}

/** The turns that a side's rebuttal takes its time from: its arguments, or where it has none its closings. */
export function donorsOf({ turns }: SessionState, side: Side): Turn[] {
  const own = turns.filter((turn) => turn.side === side && turn.continues === null);
  const held = own.filter(({ kind }) => kind === 'argument');
  return held.length > 0 ? held : own.filter(({ kind }) => kind === 'closing');
}

export interface Allotment {
  turn_id: string;
  allotted_ms: number;
}

/**
 * Takes `wanted_ms` from the donors, the last first, and leaves to each what it must have; less than nothing is given
 * back to the last. @returns the allotments that change; undefined where there is not so much
 */
export function takeFrom(donors: readonly Turn[], wanted_ms: number): Allotment[] | undefined {
  const changed: Allotment[] = [];
  let left_ms = wanted_ms;
  for (const { id, allotted_ms, min_ms, protected_ms } of donors.toReversed()) {
    const taken_ms = Math.min(left_ms, allotted_ms - Math.max(min_ms, protected_ms));
    if (taken_ms !== 0) changed.push({ turn_id: id, allotted_ms: allotted_ms - taken_ms });
    left_ms -= taken_ms;
    if (left_ms === 0) return changed;
  }
  return undefined;
}
