/** How far a listener says that it has come: the one measure of what it has read, not merely of what the kernel took. */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Room } from '../rooms/room.ts';
import type { Place } from './place.ts';

export class Acknowledgements {
  readonly #room: Room;
  readonly #place: Place;
  readonly #metrics: Metrics;
  #acked = 0;
  #level_at = Number.POSITIVE_INFINITY;

  constructor(room: Room, place: Place, metrics: Metrics) {
    this.#room = room;
    this.#place = place;
    this.#metrics = metrics;
  }

  /** All before is replayed, what comes is live. */
  onLevel(): void {
    this.#level_at = Math.min(this.#level_at, this.#place.cursor());
  }

  take(sequence: number): void {
    if (sequence > this.#place.cursor() || sequence < this.#acked) return;
    const event = sequence > this.#level_at && sequence > this.#acked ? this.#room.at(sequence) : undefined;
    this.#acked = sequence;
    this.#metrics.ackLag.observe(this.#room.head().event_sequence - sequence);
    if (event) this.#metrics.emitToAck.observe((performance.now() - event.heard_at) / 1_000);
  }

  /** The last sequence; 0 where it never said so. */
  acked(): number {
    return this.#acked;
  }
}
