/** Callbacks that wait for a busy connection to take more: called in their order, until it is busy again. */
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
      // A callback that waits again does so at the end, so that events do not keep answers waiting for ever.
      while (waiting.length > 0 && !isBusy()) waiting.shift()!();
    },
  };
}
