/** Where two JSON values differ. */
import type { JsonObject } from '../core/definitions/event.ts';

/** @returns paths such as `session.status`; none where they are equal. The value itself is the path '' */
export function differencesOf(one: unknown, other: unknown, path = ''): string[] {
  if (Object.is(one, other)) return [];
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return [path];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => differencesOf(one[name], other[name], path === '' ? name : `${path}.${name}`));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}
