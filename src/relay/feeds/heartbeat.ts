/**
 * The heartbeat of one connection: every thirty seconds the client is asked whether it is there, and one that says nothing
 * for ten seconds is taken for gone. Whatever it says counts.
 */
export interface Beats {
  every_ms: number;
  answer_ms: number;
}

export const BEATS: Beats = { every_ms: 30_000, answer_ms: 10_000 };

export class Heartbeat {
  readonly #beats: Beats;
  #due_at: number;
  /** When the question went out that is not answered yet. */
  #asked_at: number | undefined;

  /** @param now by the monotonic clock. @param random of 0 to 1: those that came together are not all asked together */
  constructor(beats: Beats, now = performance.now(), random = Math.random()) {
    this.#beats = beats;
    this.#due_at = now + (beats.every_ms * (1 + random)) / 2;
  }

  /** The client is there. */
  hear(): void {
    this.#asked_at = undefined;
  }

  /** The question goes out: one that waits behind what is not taken asks nothing yet. */
  ask(now = performance.now()): void {
    this.#asked_at = now;
  }

  /** To be called often. @returns what there is to do */
  check(now = performance.now()): 'ask' | 'end' | undefined {
    if (this.#asked_at !== undefined && now - this.#asked_at >= this.#beats.answer_ms) return 'end';
    if (now < this.#due_at) return undefined;
    this.#due_at = now + this.#beats.every_ms;
    return 'ask';
  }
}
