/**
 * Whether a listener is to blame for being behind. It is not while it takes what it was given at once, be it a replay or
 * events that the room itself heard late, as long as each time less has come meanwhile; it is where it was level and did
 * not take what came.
 */
import type { Place } from './place.ts';

export class Excuse {
  readonly #place: Place;
  /** How many events it may be behind; 0: as many as there are. */
  readonly #max: number;
  #upTo = Number.POSITIVE_INFINITY;
  #events = 0;
  #isUntilLevel = false;

  constructor(place: Place, max: number) {
    this.#place = place;
    this.#max = max;
  }

  /** What there is for it now came at once. */
  give(): void {
    const behind = this.#place.behind();
    if (this.#isUntilLevel || behind <= this.#max) return;
    this.#events = behind;
    this.#upTo = this.#place.cursor() + behind;
  }

  /** Whatever comes until it is level. */
  giveUntilLevel(): void {
    this.#isUntilLevel = true;
    this.#upTo = Number.POSITIVE_INFINITY;
  }

  /** It has all. @returns whether it had not before */
  end(): boolean {
    const wasBehind = this.#upTo > 0;
    this.#upTo = 0;
    this.#events = 0;
    this.#isUntilLevel = false;
    return wasBehind;
  }

  /** Whether it is too many events behind, without those that came at once. */
  isNone(): boolean {
    const [max, behind] = [this.#max, this.#place.behind()];
    const own = Math.min(behind, this.#place.cursor() + behind - this.#upTo);
    if (max === 0 || own <= max || this.#place.isAnythingDue()) return false;
    if (own >= this.#events / 2) return true;
    if (this.#place.cursor() >= this.#upTo) this.give();
    return false;
  }
}
