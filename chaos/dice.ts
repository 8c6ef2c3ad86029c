/** Chance that can be had again: the same seed, and the same round, give the same draws in the same order. */
export interface Dice {
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  oneOf<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
}

/** Mulberry32. Each round has dice of its own, so that what one round draws moves no other. */
export function rollDice(seed: number, round: number): Dice {
  let state = (seed ^ Math.imul(round + 1, 0x9e3779b1)) >>> 0;

  function draw(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const between = (least: number, most: number) => least + Math.floor(draw() * (most - least + 1));
  return {
    between,
    oneOf: (items) => items[between(0, items.length - 1)]!,
    shuffled(items) {
      const order = [...items];
      for (let i = order.length - 1; i > 0; i -= 1) {
        const j = between(0, i);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
  };
}

/** Every fault once, in an order drawn from the seed, then every one again in another order. */
export function faultOf<T>(faults: T[], seed: number, round: number): T {
  const lap = Math.floor(round / faults.length);
  return rollDice(seed, -1 - lap).shuffled(faults)[round % faults.length]!;
}
