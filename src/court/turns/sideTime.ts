/** The time of a side: what its turns may come to together, and how a rebuttal is carved out of it. Pure. */

import { MAX_DURATION_MS, type Side } from '../formats/format.ts';
import { donorsAmong, spareMs } from '../formats/rebuttalDonors.ts';
import type { SessionState } from '../sessions/session.ts';
import { restOf, standingTurns, type Turn } from './turn.ts';

/**
 * How much more may be allotted to the turns of a side. Extensions do not count: of a turn that is continued what it used
 * of its own time does, as what is left of its extension is part of the rest.
 */
export function sideTimeLeftMs({ turns, format }: SessionState, side: Side): number {
  if (!format || format.side_ms === null) return MAX_DURATION_MS;
  const claimed = standingTurns(turns)
    .filter((turn) => turn.side === side)
    .map((turn) => (restOf(turns, turn) ? turn.used_ms! - turn.extension_ms : turn.allotted_ms));
  return Math.max(0, format.side_ms - claimed.reduce((sum, ms) => sum + ms, 0));
}

/** The turns that a side's rebuttal takes its time from. What was planned beside the format's own is none of them. */
export function donorsOf({ turns, format }: SessionState, side: Side): Turn[] {
  const planned = format?.segments.length ?? 0;
  return donorsAmong(
    standingTurns(turns).filter(({ order_index }) => order_index <= planned),
    side,
  );
}

/** What a side may reserve before its donors give: only where its time is bounded is any of it free. */
export function freeTimeMs(session: SessionState, side: Side): number {
  return session.format?.side_ms == null ? 0 : sideTimeLeftMs(session, side);
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
  for (const donor of donors.toReversed()) {
    const taken_ms = Math.min(left_ms, spareMs(donor));
    if (taken_ms !== 0) changed.push({ turn_id: donor.id, allotted_ms: donor.allotted_ms - taken_ms });
    left_ms -= taken_ms;
    if (left_ms === 0) break;
  }
  return left_ms <= 0 ? changed : undefined;
}
