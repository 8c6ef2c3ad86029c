/**
 * What is wrong with a value of an input, in words for people: closed lists name their members and the nearest, times and
 * ids show an example. What a schema says itself goes before. Pure.
 */
import type { z } from 'zod';

type Raw = z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'must be text',
  number: 'must be a whole number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  record: 'must be an object',
};

const FORMATS: Readonly<Record<string, string>> = {
  guid: 'must be a uuid, such as 018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
  uuid: 'must be a uuid, such as 018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
  datetime: 'must be a time with its zone, such as 2027-03-01T12:00:00Z or 2027-03-01T13:00:00+01:00',
  url: 'must be an address, such as https://recordings.example/r/1',
};

/** For `parse`: undefined where nothing better is known than what zod says. */
export function wordsFor(issue: Raw): string | undefined {
  const { input } = issue;
  if (issue.code === 'invalid_value')
    return `${input === undefined ? 'is needed: ' : ''}${membersFor(issue.values, input)}`;
  if (input === undefined) return 'is needed';
  if (issue.code === 'invalid_type') return TYPES[issue.expected];
  if (issue.code === 'too_small' || issue.code === 'too_big') return boundOf(issue);
  if (issue.code !== 'invalid_format') return undefined;
  return issue.format === 'regex' ? `must look like ${issue.pattern}` : FORMATS[issue.format];
}

function boundOf(issue: Extract<Raw, { code: 'too_small' | 'too_big' }>): string | undefined {
  const { code, origin } = issue;
  const least = code === 'too_small';
  const bound = least ? issue.minimum : issue.maximum;
  const edge = least ? 'at least' : 'at most';
  if (origin === 'string') return bound === 1 && least ? 'must not be empty' : `must have ${edge} ${bound} characters`;
  if (origin === 'array') return `must have ${edge} ${bound} of them`;
  return origin === 'number' || origin === 'int' ? `must be ${edge} ${bound}` : undefined;
}

const MAX_LISTED = 120;
/** What is longer was not mistyped. */
const MAX_TYPED = 40;

function membersFor(members: readonly unknown[], input: unknown): string {
  const names = members.map(String);
  const nearest = typeof input === 'string' ? nearestOf(names, input) : undefined;
  let listed = names[0]!;
  for (const [i, name] of names.entries()) {
    if (i === 0) continue;
    if (listed.length + name.length > MAX_LISTED) {
      listed += ', ...';
      break;
    }
    listed += `, ${name}`;
  }
  const list = names.length === 1 ? `must be ${listed}` : `must be one of ${listed}`;
  return nearest === undefined ? list : `${list}; did you mean ${nearest}?`;
}

/** The name that was meant, where one is near enough: case, blanks and strokes make no difference. */
export function nearestOf(names: readonly string[], typed: string): string | undefined {
  if (typed.length > MAX_TYPED) return undefined;
  const plain = (text: string) => text.toLowerCase().replaceAll(/[\s_-]/g, '');
  const meant = plain(typed);
  let nearest: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = distanceOf(meant, plain(name));
    if (distance < (nearest?.distance ?? Math.max(1, name.length / 3) + 1)) nearest = { name, distance };
  }
  return nearest?.name;
}

/** How many letters are to be put in, left out or changed (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + Number(letter !== other[j])));
    }
    row = next;
  }
  return row[other.length]!;
}
