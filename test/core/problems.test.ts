/** Codes of problems: one closed list, of which each noun defines its own. */
import { expect, test } from 'vitest';
import { defineProblems, joinProblems, PROBLEMS, rejectWith } from '../../src/core/definitions/problem.ts';
import { reject } from '../../src/court/problems.ts';
import { problems } from '../../src/modules.ts';

const gallery = defineProblems({ gallery_closed: [409, 'The gallery is closed'] });
const muted = defineProblems({ muted: [403, 'You are muted'] });

test('tables are joined, and a code that stands in two of them is refused', () => {
  expect(joinProblems(gallery, muted)).toEqual({ ...gallery, ...muted });
  expect(() => joinProblems(gallery, muted, gallery)).toThrow('two problems with the code gallery_closed');
});

test('a noun that takes a code of the machine is refused', () => {
  expect(() => rejectWith(defineProblems({ not_found: [404, 'Nowhere'] }))).toThrow('not_found');
});

test('a rejection is a whole problem: code, status and title of its noun, or of the machine', () => {
  const refuse = rejectWith(joinProblems(gallery, muted));
  expect(refuse('muted', 'Be quiet.', { until: 'noon' })).toEqual({
    rejected: 'muted',
    problem: {
      ...{ type: 'urn:plearoll:problem:muted', title: 'You are muted', status: 403, detail: 'Be quiet.' },
      ...{ code: 'muted', until: 'noon' },
    },
  });
  expect(refuse('not_found', 'No such gallery.').problem).toMatchObject({ status: 404, title: PROBLEMS.not_found[1] });
});

test('what the court rejects with is in the closed list, and no other code compiles', () => {
  expect(problems).toHaveProperty(reject('turn_active', 'A turn is under way.').rejected);
  // @ts-expect-error: a code that no noun of the court defines
  expect(() => reject('turn_actve', 'A turn is under way.')).toThrow();
});
