/** Codes of problems: one closed list, of which each noun defines its own. */
import { expect, test } from 'vitest';
import { defineProblems, joinProblems, PROBLEMS, rejectWith } from '../../src/core/definitions/problem.ts';
import { reject } from '../../src/court/problems.ts';
import { problems } from '../../src/modules.ts';

const gallery = defineProblems({
  gallery_closed: [409, 'The gallery is closed', 'Nobody posts.', 'Wait.'],
});
const muted = defineProblems({ muted: [403, 'You are muted', 'You do not post.', 'Ask a moderator.'] });

test('tables are joined, and a code that stands in two of them is refused', () => {
  expect(joinProblems(gallery, muted)).toEqual({ ...gallery, ...muted });
  expect(() => joinProblems(gallery, muted, gallery)).toThrow('two problems with the code gallery_closed');
});

test('a noun that takes a code of the machine is refused', () => {
  expect(() => rejectWith(defineProblems({ not_found: [404, 'Nowhere', 'It is not here.', 'Go on.'] }))).toThrow(
    'not_found',
  );
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

test('every code says what it means and what to do, in sentences of its own', () => {
  for (const [code, [, title, meaning, remedy]] of Object.entries(problems)) {
    const said = [meaning, remedy].map((text) => [/^[`A-Z].{9,}[.]$/.test(text), text === `${title}.`]);
    expect([code, ...said]).toEqual([code, [true, false], [true, false]]);
    // Backticks come in pairs.
    expect([code, (meaning + remedy).split('`').length % 2]).toEqual([code, 1]);
  }
  const meanings = Object.values(problems).map(([, , meaning]) => meaning);
  expect(meanings.toSorted()).toEqual([...new Set(meanings)].toSorted());
});

test('what the court rejects with is in the closed list, and no other code compiles', () => {
  expect(problems).toHaveProperty(reject('turn_active', 'A turn is under way.').rejected);
  // @ts-expect-error: a code that no noun of the court defines
  expect(() => reject('turn_actve', 'A turn is under way.')).toThrow();
});
