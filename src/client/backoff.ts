/** How long to wait before coming back: at random up to a bound that doubles, so that many clients spread out. */

export interface Backoff {
  /** @returns ms for the next try */
  next(): number;
  reset(): void;
}

export function createBackoff(first_ms: number, most_ms: number, random: () => number = Math.random): Backoff {
  let tries = 0;
  return {
    next() {
      const bound_ms = Math.min(most_ms, first_ms * 2 ** tries);
      tries += 1;
      return Math.floor(random() * bound_ms);
    },
    reset() {
      tries = 0;
    },
  };
}
