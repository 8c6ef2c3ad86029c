/** Who waits for a busy connection to take more. They are called in their order, for as long as it is not busy again. */
export interface Readiness {
  whenReady(callback: () => void): void;
  /** To be called whenever something has been written. */
  onWritten(): void;
}

export function createReadiness(isBusy: () => boolean): Readiness {
  const waiting: (() => void)[] = [];
  return {
    whenReady: (callback) => void waiting.push(callback),
    onWritten() {
      // Whoever waits again does so at the end, so that events do not keep answers waiting for ever.
      while (waiting.length > 0 && !isBusy()) waiting.shift()!();
    },
  };
}
