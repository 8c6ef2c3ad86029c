/** How many there were in the last whole second. Counting costs a clock read and an addition. */
export interface Rate {
  count(more: number): void;
  perSecond(): number;
}

/** @param now in milliseconds */
export function createRate(now: () => number = () => performance.now()): Rate {
  let second = 0;
  let current = 0;
  let last = 0;

  function turn(): void {
    const present = Math.floor(now() / 1_000);
    if (present === second) return;
    last = present === second + 1 ? current : 0;
    second = present;
    current = 0;
  }

  return {
    count(more) {
      turn();
      current += more;
    },
    perSecond() {
      turn();
      return last;
    },
  };
}
