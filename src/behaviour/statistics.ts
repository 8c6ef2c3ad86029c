/** Statistics of integers, in integers: the same numbers give the same result on every machine. Pure. */

/** From the lowest up, as most of what is asked of values needs them: brought into order once, and not for each question. */
export function inOrder(values: readonly number[]): Float64Array {
  return new Float64Array(values).sort();
}

/** What so many of a thousand do not exceed (nearest rank); of none there is none. */
export function quantile(ordered: Float64Array, permille: number): number {
  return ordered[Math.max(0, Math.ceil((ordered.length * permille) / 1_000) - 1)]!;
}

/** Of an even number of values the mean of the two in the middle, rounded. */
export function median(ordered: Float64Array): number {
  const middle = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[middle]! : Math.round((ordered[middle - 1]! + ordered[middle]!) / 2);
}

/** The median of how far the values are from their median. The furthest is at one end or the other, so they need no order of their own. */
export function medianDeviation(ordered: Float64Array): number {
  const centre = median(ordered);
  const distances = new Float64Array(ordered.length);
  let low = 0;
  let high = ordered.length - 1;
  for (let i = high; i >= 0; i -= 1) {
    const below = Math.abs(ordered[low]! - centre);
    const above = Math.abs(ordered[high]! - centre);
    distances[i] = Math.max(below, above);
    if (below > above) low += 1;
    else high -= 1;
  }
  return median(distances);
}

/** So many of a thousand, rounded. @param of above zero */
export function permille(part: number, of: number): number {
  return Math.round((part * 1_000) / of);
}

/** Each with the one before it. */
export function pairsOf<Item>(items: readonly Item[]): [Item, Item][] {
  return items.slice(1).map((item, i) => [items[i]!, item]);
}
