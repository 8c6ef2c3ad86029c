/** Windows of ten seconds, in which what a connection sends is counted. Each opens with what comes first after the last. */
export const WINDOW_MS = 10_000;

export class Window {
  /** By the monotonic clock. */
  #ends_at = 0;
  #counted = 0;

  /** @returns the how manieth this is in its window */
  count(): number {
    const now = performance.now();
    if (now >= this.#ends_at) {
      this.#ends_at = now + WINDOW_MS;
      this.#counted = 0;
    }
    this.#counted += 1;
    return this.#counted;
  }

  /** What was counted last is not. */
  uncount(): void {
    this.#counted -= 1;
  }

  left_ms(): number {
    return Math.max(0, this.#ends_at - performance.now());
  }
}
