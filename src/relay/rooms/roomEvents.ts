/**
 * What a room has of its stream: the latest events, in order and without a hole, and those that were heard before their
 * turn. A gap is filled from the record (healing.ts).
 */
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Position } from '../listeners/messages.ts';
import type { EventBatch, PreparedEvent } from '../listeners/prepared.ts';
import { createHealing, type Healing } from './healing.ts';
import type { StreamReaders } from './readers.ts';
import { createRecentEvents, type RecentEvents } from './recentEvents.ts';
import type { RoomKind } from './roomKind.ts';

export interface RoomEvents {
  /** Reads the latest. To be called once announcements are heard, so that no commit falls between the two. */
  prime(): Promise<void>;
  /** @returns whether all of them have been delivered */
  hear(events: readonly ExportedEvent[]): boolean;
  /** The record is known to reach this far: what is not heard within the grace is read. */
  knownToReach(sequence: number, grace_ms: number): void;
  /** After `prime`. */
  head(): Position;
  /** @returns undefined for what is older than the room keeps, and for what is not there yet */
  at(sequence: number): PreparedEvent | undefined;
  oldest(): PreparedEvent;
  batch(after: number, upTo: number): EventBatch | undefined;
  /** So many payloads of the session were erased: what is kept is read again where that is news. @returns whether it is */
  knownErasures(count: number): boolean;
  stop(): void;
}

export interface RoomEventsOptions {
  session_id: string;
  prepare: RoomKind['prepare'];
  readers: StreamReaders;
  metrics: Metrics;
  log: Log;
  /** The head may have moved. */
  onMoved(): void;
  /** What was delivered is not in the record. */
  onFork(): void;
}

const KEPT = { events: 1_024, size: 4 * 2 ** 20 };
const MAX_EARLY = 256;

export function createRoomEvents(options: RoomEventsOptions): RoomEvents {
  const { session_id, prepare, readers, metrics, log, onMoved, onFork } = options;
  const early = new Map<number, ExportedEvent>();
  let primed: { recent: RecentEvents; healing: Healing } | undefined;
  let erased = 0;

  async function prime(): Promise<void> {
    const { events, erased: erasedBefore } = await readers.readLatest(session_id, KEPT.events, KEPT.size);
    erased = erasedBefore;
    const recent = createRecentEvents(KEPT, events, prepare);
    primed = {
      recent,
      healing: createHealing(recent, { session_id, readers, metrics, log, early, onRead: catchUp, onFork }),
    };
    metrics.heals.inc({ cause: 'prime' }, events.length);
    catchUp();
  }

  function hear(events: readonly ExportedEvent[]): boolean {
    for (const event of events) early.set(event.event_sequence, event);
    catchUp();
    return events.length > 0 && (primed?.recent.head().event_sequence ?? 0) >= events.at(-1)!.event_sequence;
  }

  function knownErasures(count: number): boolean {
    if (!primed || count === erased) return false;
    erased = count;
    void readAgain(primed.recent);
    return true;
  }

  async function readAgain(recent: RecentEvents): Promise<void> {
    try {
      const { events } = await readers.readLatest(session_id, 2 * KEPT.events, 2 * KEPT.size);
      recent.replace(events);
    } catch (err) {
      // The next head check tries again.
      erased = -1;
      log.warn({ err, session_id }, 'room not cleared of an erased payload, retrying at the next head check');
    }
  }

  /** Takes in what is next, tells the room, and has a gap filled. */
  function catchUp(): void {
    if (primed) {
      takeIn(primed.recent, early);
      if (early.size > 0) primed.healing.gapSeen();
      onMoved();
    }
    // The record is the buffer for what is too much.
    if (early.size > MAX_EARLY) early.clear();
  }

  return {
    prime,
    hear,
    knownToReach: (sequence, grace_ms) => primed?.healing.knownToReach(sequence, grace_ms),
    head: () => primed!.recent.head(),
    at: (sequence) => primed!.recent.at(sequence),
    oldest: () => primed!.recent.oldest(),
    batch: (after, upTo) => primed!.recent.batch(after, upTo),
    knownErasures,
    stop: () => primed?.healing.stop(),
  };
}

function takeIn(recent: RecentEvents, early: Map<number, ExportedEvent>): void {
  const nextOne = () => early.get(recent.head().event_sequence + 1);
  for (let next = nextOne(); next && recent.append(next); ) next = nextOne();
  for (const sequence of early.keys()) if (sequence <= recent.head().event_sequence) early.delete(sequence);
}
