/** Statistics of values that were brought into order once: what they are by their definitions. */
import { expect, test } from 'vitest';
import { inOrder, median, medianDeviation, quantile } from '../../src/behaviour/statistics.ts';

/** Numbers of which some are the same. */
const numbers = (count: number, most: number) => Array.from({ length: count }, (_, i) => ((i * 7_919 + 13) % most) - 3);

test('the median and the quantiles are of the values, in whatever order they come', () => {
  expect(median(inOrder([9, 1, 5]))).toBe(5);
  expect(median(inOrder([9, 1, 4, 6]))).toBe(5);
  expect(median(inOrder([2, 1]))).toBe(2);
  expect([0, 100, 101, 900, 1_000].map((permille) => quantile(inOrder(numbers(10, 1_000_000)), permille))).toEqual(
    [0, 0, 1, 8, 9].map((place) => inOrder(numbers(10, 1_000_000))[place]),
  );
});

test.each([1, 2, 3, 4, 5, 10, 51, 200])(
  'the median deviation of %i values is the median of their distances',
  (count) => {
    for (const most of [2, 7, 50, 1_000_003]) {
      const values = numbers(count, most);
      const centre = median(inOrder(values));
      const distances = values.map((value) => Math.abs(value - centre));
      expect(medianDeviation(inOrder(values))).toBe(median(inOrder(distances)));
    }
  },
);
