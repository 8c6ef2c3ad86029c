/**
 * The faults of an input as they are answered: the first hundred with their pointers, and how many more there are. What
 * is beyond the list is only counted, so that the worst body costs little more than the parsing of it.
 */
import type { InputError } from '../../core/definitions/command.ts';
import { Problem } from '../../core/definitions/problem.ts';

export const MAX_FAULTS = 100;
const MAX_POINTER = 200;

export interface FaultList {
  errors: InputError[];
  /** Faults that the list has no room for. */
  more: number;
}

export function listFaults(faults: readonly InputError[] = []): FaultList {
  const list = { errors: [], more: 0 };
  for (const { pointer, detail } of faults) addFault(list, pointer, detail);
  return list;
}

export function addFault(list: FaultList, pointer: string, detail: string): void {
  if (list.errors.length === MAX_FAULTS) list.more += 1;
  else list.errors.push({ pointer: cutPointer(pointer), detail: detail.slice(0, MAX_POINTER) });
}

/** A pointer (RFC 6901) one step longer, cut where it is too long to be of use. */
export function pointTo(pointer: string, key: string): string {
  if (pointer.length >= MAX_POINTER) return pointer;
  return cutPointer(`${pointer}/${key.slice(0, MAX_POINTER).replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

/** Half an escape or half a character at the end would be no pointer and no text. */
function cutPointer(pointer: string): string {
  if (pointer.length <= MAX_POINTER) return pointer;
  return pointer.slice(0, MAX_POINTER).replace(/[~\ud800-\udbff]$/, '');
}

/** @throws {Problem} 422 that lists them, when there are any */
export function demandValid({ errors, more }: FaultList): void {
  const [first] = errors;
  if (!first) return;
  const { pointer, detail } = first;
  throw new Problem('validation_failed', `${pointer || 'The body'}: ${detail}${detail.endsWith('?') ? '' : '.'}`, {
    errors,
    ...(more > 0 && { more }),
  });
}
