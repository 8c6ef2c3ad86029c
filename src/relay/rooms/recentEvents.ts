/** The latest events of a stream, ready to send: always contiguous and linked, because nothing else is taken in. */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Position } from '../listeners/messages.ts';
import { batchEvents, type EventBatch, type PreparedEvent } from '../listeners/prepared.ts';
import { LIVE, type RoomKind } from './roomKind.ts';

export interface RecentEvents {
  head(): Position;
  /** @returns undefined for what is not kept any more, and for what is not there yet */
  at(sequence: number): PreparedEvent | undefined;
  /** There is one wherever there is a head. */
  oldest(): PreparedEvent;
  /** The same for all that stand at the same place; undefined where `at` is. */
  batch(after: number, upTo: number): EventBatch | undefined;
  /** @returns false, and takes nothing, unless the event follows the head and names its hash */
  append(event: ExportedEvent): boolean;
  /** Puts events that were read again in the place of what is kept of them. */
  replace(events: readonly ExportedEvent[]): void;
}

/** So much is kept at least, where there is so much, and never twice as much of either; the last event always is. */
export interface Capacity {
  events: number;
  /** Characters of their JSON. */
  size: number;
}

/** @param events in order; where their chain is broken, only what follows the last break is kept */
export function createRecentEvents(
  capacity: Capacity,
  events: readonly ExportedEvent[],
  prepare: RoomKind['prepare'] = LIVE.prepare,
): RecentEvents {
  let head: Position = { event_sequence: 0, event_hash: GENESIS_HASH };
  let kept: PreparedEvent[] = [];
  let size = 0;
  let latest: EventBatch | undefined;
  let latestUpTo = 0;

  function at(sequence: number): PreparedEvent | undefined {
    return kept[sequence - head.event_sequence + kept.length - 1];
  }

  function batch(after: number, upTo: number): EventBatch | undefined {
    if (latest?.after === after && latestUpTo === upTo) return latest;
    latest = batchEvents(at, after, upTo);
    latestUpTo = upTo;
    return latest;
  }

  function append(event: ExportedEvent): boolean {
    if (event.event_sequence !== head.event_sequence + 1 || event.previous_hash !== head.event_hash) return false;
    head = { event_sequence: event.event_sequence, event_hash: event.event_hash };
    const prepared = prepare(event);
    kept.push(prepared);
    size += prepared.text.length;
    if (kept.length >= 2 * capacity.events || size >= 2 * capacity.size) forget();
    return true;
  }

  function replace(events: readonly ExportedEvent[]): void {
    for (const event of events) {
      const place = event.event_sequence - head.event_sequence + kept.length - 1;
      if (place >= 0 && place < kept.length) kept[place] = prepare(event);
    }
    size = kept.reduce((sum, { text }) => sum + text.length, 0);
    latest = undefined;
  }

  /** Half at a time, so that it costs each event little. */
  function forget(): void {
    let from = kept.length;
    size = 0;
    while (from > 0 && kept.length - from < capacity.events && size < capacity.size) {
      from -= 1;
      size += kept[from]!.text.length;
    }
    kept = kept.slice(from);
  }

  for (const event of events) {
    if (append(event)) continue;
    kept = [];
    size = 0;
    head = { event_sequence: event.event_sequence - 1, event_hash: event.previous_hash };
    append(event);
  }
  return { head: () => head, at, oldest: () => kept[0]!, batch, append, replace };
}
