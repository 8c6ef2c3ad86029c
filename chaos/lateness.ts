/** What came later after a blow than it may. Pure; said in sentences. */
import type { Recovery } from './stage.ts';

/** @param settled for outcomes. @param told for what listeners are told; milliseconds from the blow */
export function lateness(
  { settled_ms, told_ms }: Recovery,
  settled: number,
  told = Number.POSITIVE_INFINITY,
): string[] {
  return [
    ...(settled_ms > settled ? [`it took ${settled_ms} ms to recover, not ${settled} at most`] : []),
    ...(told_ms > told ? [`it took ${told_ms} ms until listeners were told, not ${told} at most`] : []),
  ];
}
