/**
 * What goes out on one connection, of all the matches that it follows: each tier's snapshot first, then its changes in order.
 * Where the connection takes nothing, so many changes wait for it; beyond that they are left out, and each tier that lacks
 * one goes on with a fresh snapshot.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Outlet } from '../listeners/outlet.ts';
import { Overflows } from '../listeners/overflows.ts';
import type { Batch, Prepared } from '../listeners/prepared.ts';

/** A tier of a match as one connection follows it. */
export interface Followed {
  /** As it stands now. */
  first(): readonly Prepared[];
}

export const MOST_WAITING = 64;
/** One write takes no more. */
const CHANGES_AT_ONCE = 16;

interface Waiting {
  of: Followed;
  change: Batch;
}

export class FeedDelivery {
  readonly #outlet: Outlet;
  readonly #metrics: Metrics;
  readonly #overflows: Overflows;
  readonly #onTooSlow: () => void;
  #waiting: Waiting[] = [];
  /** Tiers of which the next to go out is a snapshot. Their changes do not wait: the snapshot will have them. */
  readonly #due = new Set<Followed>();
  /** So many changes there were of those. */
  #left_out = 0;

  /** @param onTooSlow it overflowed too often */
  constructor(outlet: Outlet, metrics: Metrics, onTooSlow: () => void) {
    this.#outlet = outlet;
    this.#metrics = metrics;
    this.#overflows = new Overflows({ max: MOST_WAITING, action: 'drop_oldest' }, metrics);
    this.#onTooSlow = onTooSlow;
  }

  /** Begins with a snapshot, or begins again. */
  begin(of: Followed): void {
    this.#waiting = this.#waiting.filter((one) => one.of !== of);
    this.#due.add(of);
    this.onFree();
  }

  tell(of: Followed, change: Batch): void {
    if (!this.#outlet.isOpen()) return;
    if (this.#due.has(of)) this.#left_out += 1;
    else if (this.#waiting.length === 0 && this.#due.size === 0 && this.#outlet.takes()) this.#outlet.write(change);
    else this.#waiting.push({ of, change });
    if (this.#waiting.length + this.#left_out > MOST_WAITING) this.#overflow();
  }

  end(of: Followed): void {
    this.#due.delete(of);
    this.#waiting = this.#waiting.filter((one) => one.of !== of);
  }

  /** The outlet takes. */
  onFree(): void {
    while (this.#outlet.isOpen() && this.#outlet.takes()) {
      const next = this.#next();
      if (!next) break;
      this.#outlet.write(next);
    }
    if (this.#due.size === 0) this.#left_out = 0;
  }

  waiting(): number {
    return this.#waiting.length + this.#due.size;
  }

  #next(): Batch | undefined {
    for (const of of this.#due) {
      this.#due.delete(of);
      return { messages: of.first() };
    }
    const some = this.#waiting.splice(0, CHANGES_AT_ONCE);
    if (some.length <= 1) return some[0]?.change;
    return { messages: some.flatMap(({ change }) => change.messages) };
  }

  #overflow(): void {
    this.#metrics.droppedEvents.inc(this.#waiting.length + this.#left_out);
    for (const { of } of this.#waiting) this.#due.add(of);
    this.#waiting = [];
    this.#left_out = 0;
    if (this.#overflows.decide() === 'disconnect') this.#onTooSlow();
  }
}
