/** Statistics of integers, in integers: the same numbers give the same result on every machine. Pure. */

const inOrder = (values: readonly number[]) => new Float64Array(values).sort();

/** What so many of a thousand do not exceed (nearest rank); of none there is none. */
export function quantile(values: readonly number[], permille: number): number {
  const sorted = inOrder(values);
  return sorted[Math.max(0, Math.ceil((sorted.length * permille) / 1_000) - 1)]!;
}

/** Of an even number of values the mean of the two in the middle, rounded. */
export function median(values: readonly number[]): number {
  const sorted = inOrder(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}

/** The median of how far the values are from their median. */
export function medianDeviation(values: readonly number[]): number {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

/** So many of a thousand, rounded. @param of above zero */
export function permille(part: number, of: number): number {
  return Math.round((part * 1_000) / of);
}

/** Each with the one before it. */
export function pairsOf<Item>(items: readonly Item[]): [Item, Item][] {
  return items.slice(1).map((item, i) => [items[i]!, item]);
}
