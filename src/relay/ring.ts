/** The latest events of a stream, ready to send: always contiguous and linked, because nothing else is taken in. */
import { GENESIS_HASH } from '../core/chain.ts';
import type { ExportedEvent } from '../core/event.ts';
import type { EventMessage, Position } from './messages.ts';

export interface Ring {
  head(): Position;
  /** @returns undefined for what is not kept any more, and for what is not there yet */
  at(sequence: number): EventMessage | undefined;
  /** @returns false, and takes nothing, unless the event follows the head and names its hash */
  append(event: ExportedEvent): boolean;
}

/**
 * @param capacity so many events are kept at least, and never twice as many
 * @param events in order; where their chain is broken, only what follows the last break is kept
 */
export function createRing(capacity: number, events: readonly ExportedEvent[]): Ring {
  let head: Position = { event_sequence: 0, event_hash: GENESIS_HASH };
  let kept: EventMessage[] = [];

  function at(sequence: number): EventMessage | undefined {
    return kept[sequence - head.event_sequence + kept.length - 1];
  }

  function append(event: ExportedEvent): boolean {
    if (event.event_sequence !== head.event_sequence + 1 || event.previous_hash !== head.event_hash) return false;
    head = { event_sequence: event.event_sequence, event_hash: event.event_hash };
    kept.push(eventMessage(event));
    if (kept.length >= 2 * capacity) kept = kept.slice(-capacity);
    return true;
  }

  for (const event of events) {
    if (append(event)) continue;
    kept = [];
    head = { event_sequence: event.event_sequence - 1, event_hash: event.previous_hash };
    append(event);
  }
  return { head: () => head, at, append };
}

export function eventMessage(event: ExportedEvent): EventMessage {
  return { type: 'EVENT', ...event };
}
