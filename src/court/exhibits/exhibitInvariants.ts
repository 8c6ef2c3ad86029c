/** What holds of every exhibit: its state and its fields say the same, and no number is given twice within a side. */
import { type Exhibit, type ExhibitState, labelOf } from './exhibit.ts';

const TENDERED: readonly ExhibitState[] = ['tendered', 'admitted', 'rejected', 'unruled'];
const NUMBERED: readonly ExhibitState[] = ['marked', ...TENDERED];

/** Texts of what is broken, in order of the exhibits. */
export function exhibitFaults(exhibits: readonly Exhibit[]): string[] {
  return exhibits.flatMap((exhibit, i) => {
    const label = labelOf(exhibit);
    const isTaken = label !== null && exhibits.slice(0, i).some((other) => labelOf(other) === label);
    return [
      ...fieldFaults(exhibit),
      ...(isTaken ? [`exhibit ${exhibit.id} is ${label}, which another is already`] : []),
    ];
  });
}

function fieldFaults(exhibit: Exhibit): string[] {
  const { id, state, number, marked_at, tendered_at, turn_id, ruled_at, ruled_by, withdrawn_at } = exhibit;
  const faults: string[] = [];
  const isNumbered = number !== null && number > 0;
  const mayBeEither = state === 'withdrawn';
  if (isNumbered !== (marked_at !== null) || (!mayBeEither && isNumbered !== NUMBERED.includes(state))) {
    faults.push(`exhibit ${id} is ${state} with number ${number}`);
  }
  if (TENDERED.includes(state) && (tendered_at === null || turn_id === null)) {
    faults.push(`exhibit ${id} is ${state} without its tender`);
  }
  const isRuled = state === 'admitted' || state === 'rejected';
  if (isRuled !== (ruled_at !== null && ruled_by !== null)) {
    faults.push(`exhibit ${id} is ${state}, which its ruling does not say`);
  }
  if ((state === 'withdrawn') !== (withdrawn_at !== null)) {
    faults.push(`exhibit ${id} is ${state}, which its withdrawal does not say`);
  }
  return faults;
}
