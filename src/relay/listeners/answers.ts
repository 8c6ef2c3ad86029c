/**
 * Answers to what a listener says wait like events do: a busy listener is owed at most one of a kind, the latest, and a
 * snapshot at most every five seconds.
 */
import type { Listener } from './messages.ts';

export interface Answers {
  /** Gives the answer now, or as soon as the listener takes more; one of the same kind that still waits is replaced. */
  owe(kind: string, give: () => void): void;
  oweSnapshot(give: () => void): void;
  /** Nothing is owed any more. */
  stop(): void;
}

export const SNAPSHOT_EVERY_MS = 5_000;

export function createAnswers(listener: Listener): Answers {
  const owed = new Map<string, () => void>();
  let isWaiting = false;
  let tooSoon: NodeJS.Timeout | undefined;
  let snapshotAgain: (() => void) | undefined;

  function owe(kind: string, give: () => void): void {
    owed.set(kind, give);
    sendOwed();
  }

  function sendOwed(): void {
    for (const [kind, give] of owed) {
      if (isWaiting || !listener.isOpen()) return;
      if (listener.isBusy()) {
        wait();
        return;
      }
      owed.delete(kind);
      give();
    }
  }

  function wait(): void {
    isWaiting = true;
    listener.whenReady(() => {
      isWaiting = false;
      sendOwed();
    });
  }

  function oweSnapshot(give: () => void): void {
    if (tooSoon) {
      snapshotAgain = give;
      return;
    }
    tooSoon = setTimeout(onSoonEnough, SNAPSHOT_EVERY_MS).unref();
    owe('SNAPSHOT', give);
  }

  function onSoonEnough(): void {
    tooSoon = undefined;
    const give = snapshotAgain;
    snapshotAgain = undefined;
    if (give) oweSnapshot(give);
  }

  function stop(): void {
    clearTimeout(tooSoon);
    owed.clear();
  }

  return { owe, oweSnapshot, stop };
}
