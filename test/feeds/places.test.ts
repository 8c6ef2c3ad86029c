import { expect, test } from 'vitest';
import { createPlaces } from '../../jobs/feeds/places.ts';

const wanting = (feed: string, institution: string) =>
  [
    [feed, 2],
    [institution, 3],
  ] as const;

test('so many are under way of each name, and where one of the names is full no place of the others is taken', () => {
  const { take, areFree } = createPlaces();
  const leaves = [take(wanting('a', 'one')), take(wanting('a', 'one'))];
  expect(take(wanting('a', 'one'))).toBeUndefined();
  leaves.push(take(wanting('b', 'one')));
  expect(take(wanting('b', 'one'))).toBeUndefined();
  expect([areFree(wanting('b', 'one')), areFree(wanting('c', 'two'))]).toEqual([false, true]);
  expect(take(wanting('c', 'two'))).toBeDefined();
  leaves[0]!();
  expect(take(wanting('b', 'one'))).toBeDefined();
  expect(take(wanting('a', 'one'))).toBeUndefined();
});
