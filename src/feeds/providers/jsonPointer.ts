/** JSON Pointer (RFC 6901), to read with: own members and elements alone. */
import { z } from 'zod';

export const jsonPointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON Pointer such as /matches or /home/name');

/** @returns undefined where the pointer leads to nothing */
export function valueAt(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>((at, name) => {
    if (Array.isArray(at)) return /^(0|[1-9]\d{0,8})$/.test(name) ? at[Number(name)] : undefined;
    return typeof at === 'object' && at !== null && Object.hasOwn(at, name)
      ? (at as Record<string, unknown>)[name]
      : undefined;
  }, value);
}
