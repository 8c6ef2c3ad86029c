/**
 * A format that a round can be run by: the segments of a side fit into its time, and every rebuttal that begins with no
 * time can be reserved. It is asked for at the door only, so that what was recorded before stays readable.
 */
import { isPlain, NOT_PLAIN } from '../../core/definitions/schemas.ts';
import { type Format, format, isRebuttal, type Segment, SIDES, type Side } from './format.ts';
import { donorsAmong, spareMs } from './rebuttalDonors.ts';

export const workableFormat = format.superRefine((value, context) => {
  if (!isPlain(value.name)) context.addIssue({ code: 'custom', path: ['name'], message: NOT_PLAIN });
  for (const { path, message } of SIDES.flatMap((side) => faultsOf(value, side))) {
    context.addIssue({ code: 'custom', path, message });
  }
});

interface Fault {
  path: (string | number)[];
  message: string;
}

function faultsOf({ segments, side_ms, rebuttal }: Format, side: Side): Fault[] {
  const own = segments.filter((one) => one.side === side);
  const free_ms = side_ms === null ? 0 : side_ms - sum(own, ({ allotted_ms }) => allotted_ms);
  if (free_ms < 0) return [{ path: ['side_ms'], message: `is less than the segments of the ${side} come to` }];
  const unreserved = own.filter(({ kind, allotted_ms }) => isRebuttal(kind) && allotted_ms === 0);
  if (unreserved.length === 0) return [];
  if (rebuttal === null) {
    const message = 'a rebuttal of no time is reserved: `rebuttal` says within which bounds';
    return unreserved.map((one) => ({ path: ['segments', segments.indexOf(one), 'allotted_ms'], message }));
  }
  const least_ms = Math.ceil(rebuttal.min_ms / rebuttal.step_ms) * rebuttal.step_ms;
  if (least_ms > rebuttal.max_ms)
    return [{ path: ['rebuttal', 'step_ms'], message: 'no multiple is within the bounds' }];
  const spare_ms = free_ms + sum(donorsAmong(own, side), spareMs);
  if (least_ms * (rebuttal.required ? unreserved.length : 1) <= spare_ms) return [];
  return [{ path: ['rebuttal', 'min_ms'], message: `is more than the ${side} can give` }];
}

function sum(segments: readonly Segment[], of: (one: Segment) => number): number {
  return segments.reduce((total, one) => total + of(one), 0);
}
