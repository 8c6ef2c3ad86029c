/** How far a listener says that it has come: the one measure of what it has read, not merely of what the kernel took. */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Room } from '../rooms/room.ts';
import type { Place } from './place.ts';

export interface Acknowledgements {
  /** All before is replayed, what comes is live. */
  onLevel(): void;
  take(sequence: number): void;
  /** The last sequence; 0 where it never said so. */
  acked(): number;
}

export function createAcknowledgements(room: Room, place: Place, metrics: Metrics): Acknowledgements {
  let acked = 0;
  let level_at = Number.POSITIVE_INFINITY;

  function take(sequence: number): void {
    if (sequence > place.cursor() || sequence < acked) return;
    const event = sequence > level_at && sequence > acked ? room.at(sequence) : undefined;
    acked = sequence;
    metrics.ackLag.observe(room.head().event_sequence - acked);
    if (event) metrics.emitToAck.observe((performance.now() - event.heard_at) / 1_000);
  }

  return {
    onLevel() {
      level_at = Math.min(level_at, place.cursor());
    },
    take,
    acked: () => acked,
  };
}
