/** A listener may ask for the state as often as it likes and is told it at most every five seconds: the last time counts. */
import type { Delivery } from './delivery.ts';
import type { Listener } from './messages.ts';

const SNAPSHOT_EVERY_MS = 5_000;

export class Snapshots {
  readonly #listener: Listener;
  readonly #delivery: Pick<Delivery, 'sendSnapshot'>;
  #tooSoon: NodeJS.Timeout | undefined;
  #isAskedAgain = false;

  constructor(listener: Listener, delivery: Pick<Delivery, 'sendSnapshot'>) {
    this.#listener = listener;
    this.#delivery = delivery;
  }

  ask(): void {
    this.#isAskedAgain = this.#tooSoon !== undefined;
    if (this.#isAskedAgain) return;
    this.#tooSoon = setTimeout(() => this.#onSoonEnough(), SNAPSHOT_EVERY_MS).unref();
    this.#listener.owe('SNAPSHOT', () => void this.#delivery.sendSnapshot());
  }

  #onSoonEnough(): void {
    this.#tooSoon = undefined;
    if (this.#isAskedAgain) this.ask();
  }

  stop(): void {
    clearTimeout(this.#tooSoon);
  }
}
