/** A listener may ask for the state as often as it likes and is told it at most every five seconds: the last time counts. */
import type { Delivery } from './delivery.ts';
import type { Listener } from './messages.ts';

export interface Snapshots {
  ask(): void;
  stop(): void;
}

export const SNAPSHOT_EVERY_MS = 5_000;

export function createSnapshots(listener: Listener, delivery: Pick<Delivery, 'sendSnapshot'>): Snapshots {
  let tooSoon: NodeJS.Timeout | undefined;
  let isAskedAgain = false;

  function ask(): void {
    isAskedAgain = tooSoon !== undefined;
    if (isAskedAgain) return;
    tooSoon = setTimeout(onSoonEnough, SNAPSHOT_EVERY_MS).unref();
    listener.owe('SNAPSHOT', () => void delivery.sendSnapshot());
  }

  function onSoonEnough(): void {
    tooSoon = undefined;
    if (isAskedAgain) ask();
  }

  return { ask, stop: () => clearTimeout(tooSoon) };
}
