/** Windows of ten seconds, in which what a connection sends is counted. Each opens with what comes first after the last. */
export const WINDOW_MS = 10_000;

export interface Window {
  /** @returns the how manieth this is in its window */
  count(): number;
  left_ms(): number;
}

/** @param now in milliseconds, never going back */
export function createWindow(now: () => number = () => performance.now()): Window {
  let ends_at = Number.NEGATIVE_INFINITY;
  let counted = 0;
  return {
    count() {
      if (now() >= ends_at) {
        ends_at = now() + WINDOW_MS;
        counted = 0;
      }
      counted += 1;
      return counted;
    },
    left_ms: () => Math.max(0, ends_at - now()),
  };
}
