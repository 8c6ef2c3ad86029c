/** What is said of a fault in a body: words of the court, with what is taken instead. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { freeObject, id, instant, line } from '../../src/core/definitions/schemas.ts';
import { createAssignment } from '../../src/court/assignments/createAssignment.ts';
import { GROUNDS } from '../../src/court/objections/grounds.ts';
import { parseBody } from '../../src/http/door/body.ts';
import { nearestOf } from '../../src/http/door/words.ts';

type Errors = { pointer: string; detail: string }[];

function faultsOf(schema: z.ZodObject, body: unknown): Errors {
  try {
    parseBody(body, schema, []);
    return [];
  } catch (refusal) {
    return (refusal as { body: { errors: Errors } }).body.errors;
  }
}

const detailOf = (schema: z.ZodType, value: unknown) =>
  faultsOf(z.strictObject({ field: schema }), value === undefined ? {} : { field: value }).map(({ detail }) => detail);

test.each<[string, z.ZodType, unknown, string]>([
  ['a closed list', z.enum(['public', 'private']), 7, 'must be one of public, private'],
  ['a closed list', z.enum(['public', 'private']), 'Pubic', 'must be one of public, private; did you mean public?'],
  [
    'a closed list that is left out',
    z.enum(['public', 'private']),
    undefined,
    'is needed: must be one of public, private',
  ],
  [
    'a time',
    instant,
    '1 March 2027',
    'must be a time with its zone, such as 2027-03-01T12:00:00Z or 2027-03-01T13:00:00+01:00',
  ],
  [
    'a time',
    instant,
    '2027-03-01T12:00',
    'must be a time with its zone, such as 2027-03-01T12:00:00Z or 2027-03-01T13:00:00+01:00',
  ],
  ['a time', instant, '1999-03-01T12:00:00Z', 'must be an instant between the years 2000 and 2100'],
  ['an id', id, 'undefined', 'must be a uuid, such as 018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12'],
  ['an id that is left out', id, undefined, 'is needed'],
  ['a line', line, '', 'must not be empty'],
  ['a line', line, 'x'.repeat(201), 'must have at most 200 characters'],
  ['a line', line, 7, 'must be text'],
  ['a list', z.array(line).min(1), [], 'must have at least 1 of them'],
  ['a whole number', z.int().min(1), 0, 'must be at least 1'],
  ['a whole number', z.int(), 'ten', 'must be a whole number'],
  ['a flag', z.boolean(), 'yes', 'must be true or false'],
  ['an object', freeObject(2), [], 'must be an object'],
])('%s is asked for in words', (_, schema, value, detail) => {
  expect(detailOf(schema, value)).toEqual([detail]);
});

test('of a long list the nearest is named, whatever there is no room for', () => {
  const [detail] = detailOf(z.enum(GROUNDS), 'hearsy');
  expect(detail).toMatch(/^must be one of argumentative, .*, \.\.\.; did you mean hearsay\?$/);
  expect(detail!.length).toBeLessThan(200);
});

test('case, blanks and strokes are no difference, and what is far off is not guessed', () => {
  const names = ['moot-20', 'ncfca', 'jessup-45', 'mock-trial-tba', 'amta'];
  expect(['moot20', 'Mock Trial TBA', 'jesup-45'].map((typed) => nearestOf(names, typed))).toEqual([
    'moot-20',
    'mock-trial-tba',
    'jessup-45',
  ]);
  expect(nearestOf(names, 'parliament')).toBeUndefined();
});

test('a format that is none names those that there are', () => {
  const faults = faultsOf(createAssignment.body, { ...(createAssignment.example as object), format: 'moot20' });
  expect(faults).toEqual([
    {
      pointer: '/format',
      detail: 'must be one of moot-20, ncfca, jessup-45, mock-trial-tba, amta; did you mean moot-20?',
    },
  ]);
});

test('a format of their own hears objections unless it says otherwise', () => {
  const segment = { side: 'petitioner', kind: 'argument', allotted_ms: 600_000 };
  const segments = [segment, { ...segment, side: 'respondent', objections: false }];
  const body = { ...(createAssignment.example as object), format: { name: 'club', segments } };
  const { format } = parseBody(body, createAssignment.body, []) as { format: { segments: { objections: boolean }[] } };
  expect(format.segments.map(({ objections }) => objections)).toEqual([true, false]);
});
