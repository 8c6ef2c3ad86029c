/** What strangers build on, written out so that two versions can be compared line by line. */
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { PROBLEMS } from '../../src/core/definitions/problem.ts';
import { openApiDocument } from '../../src/http/operations/openapi.ts';

/** The version is left out: a release changes it and nothing else. */
export const KEPT_VERSION = 'kept';

export const keptDocuments = {
  'openapi.json': () => stable(openApiDocument(KEPT_VERSION)),
  'problems.json': () =>
    stable(Object.fromEntries(Object.entries(PROBLEMS).map(([code, [status, title]]) => [code, { status, title }]))),
};

/** Members and enums are sorted: their order says nothing to a reader of JSON. */
export function stable(document: JsonObject): string {
  return `${JSON.stringify(document, sorted, 2)}\n`;
}

function sorted(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return key === 'enum' ? value.toSorted() : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
