/** Whom a rebuttal takes its time from, of segments as of the turns made from them. Pure. */
import type { Kind, Side } from './format.ts';

/** The arguments of the side, or where it has none its closings. */
export function donorsAmong<T extends { side: Side; kind: Kind }>(parts: readonly T[], side: Side): T[] {
  const own = parts.filter((one) => one.side === side);
  const held = own.filter(({ kind }) => kind === 'argument');
  return held.length > 0 ? held : own.filter(({ kind }) => kind === 'closing');
}

/** Milliseconds this turn can give up: all above max(min_ms, protected_ms, 1). */
export function spareMs(one: { allotted_ms: number; min_ms: number; protected_ms: number }): number {
  return Math.max(0, one.allotted_ms - Math.max(one.min_ms, one.protected_ms, 1));
}
