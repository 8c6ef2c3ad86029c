/**
 * A room follows one stream of a session: it hears announcements, puts them in order, and reads from Postgres whatever it did not
 * hear. It never holds a hole: its head moves only to the event that comes next and names the head's hash.
 */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import { streamName } from '../../core/definitions/stream.ts';
import { ERASURE, readCauses, readPublishedAt } from '../../infra/broadcast/announcements.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { traceIdOf } from '../../infra/telemetry/tracing.ts';
import type { Position } from '../listeners/messages.ts';
import type { EventBatch, PreparedEvent } from '../listeners/prepared.ts';
import { readAnnouncement } from './checkAnnouncement.ts';
import { PAGE } from './healing.ts';
import { createPages } from './pages.ts';
import type { StreamReaders } from './readers.ts';
import { createRoomEvents } from './roomEvents.ts';
import { LIVE, type RoomKind } from './roomKind.ts';
import { subscribe } from './subscription.ts';

/** Told when the head moves. */
export interface Member {
  pump(): void;
  /** The room heard what is not in the record and cannot go on. */
  abandon(): void;
}

export interface Room {
  readonly session_id: string;
  /** Abandons the member at once where the room is closed. */
  add(member: Member): void;
  remove(member: Member): void;
  isOccupied(): boolean;
  /** To be awaited before anything else: the room knows its head. Rejects when Postgres fails. */
  open(): Promise<void>;
  head(): Position;
  /** @returns undefined for what is older than the room keeps, and for what is not there yet */
  at(sequence: number): PreparedEvent | undefined;
  /** The oldest that the room keeps; there is one wherever there is a head. */
  oldest(): PreparedEvent;
  /** What one write takes of the events after one, and up to another; undefined when the room does not keep them any more. */
  batch(after: number, upTo: number): EventBatch | undefined;
  readPage(after: number): Promise<readonly PreparedEvent[]>;
  /** The record is known to reach this far: what is not heard within the grace is read. */
  knownToReach(sequence: number, grace_ms?: number): void;
  /** The record's head, read after the room stood at `before`: what is announced has been committed, so it has that too. */
  compare(before: Position, recorded: Position | undefined, grace_ms?: number): void;
  /** So many payloads of the session were erased: what is kept of them is dropped. */
  knownErasures(count: number): void;
  close(): void;
}

export interface RoomOptions {
  /** That of sessions' records where there is none. */
  kind?: RoomKind;
  readers: StreamReaders;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
  /** Called before the members are abandoned. */
  onBroken(room: Room): void;
  /** A payload of the session was erased. */
  onErased?(room: Room): void;
}

const TAIL_GRACE_MS = 50;
const EMPTY: Position = { event_sequence: 0, event_hash: GENESIS_HASH };

export function createRoom(
  session_id: string,
  { kind = LIVE, readers, broadcast, metrics, log, onBroken, onErased }: RoomOptions,
): Room {
  const stream = streamName(kind.stream.kind, session_id);
  const members = new Set<Member>();
  const told = { prepare: kind.prepare, onMoved: pumpAll, onFork: startAfresh };
  const events = createRoomEvents({ session_id, readers, metrics, log, ...told });
  const subscription = subscribe(broadcast, stream, hear, () => void check(), log);
  const knownToReach = (sequence: number, grace_ms = TAIL_GRACE_MS) => events.knownToReach(sequence, grace_ms);
  const openPages = () => createPages((after) => readers.readEvents(session_id, after, PAGE), kind.prepare);
  let readPage = openPages();
  let opening: Promise<void> | undefined;
  let closed = false;

  function open(): Promise<void> {
    opening ??= subscription.ready.then(events.prime).catch((fault) => {
      opening = undefined;
      throw fault;
    });
    return opening;
  }

  function hear(message: string): void {
    if (closed) return;
    if (message === ERASURE) return void check();
    const announced = readAnnouncement(message, stream, kind.stream);
    if (!announced) {
      log.warn({ session_id }, 'announcement not genuine; checking head');
      void check();
      return;
    }
    if (log.isLevelEnabled('debug')) logHeard(log, session_id, announced, message);
    if (kind.describe) void kind.describe(announced).then(() => take(announced, message), check);
    else take(announced, message);
  }

  function take(announced: ExportedEvent[], message: string): void {
    if (!closed && events.hear(announced)) observeEmitted(metrics, message);
  }

  function pumpAll(): void {
    for (const member of members) member.pump();
  }

  async function check(): Promise<void> {
    try {
      const recorded = (await readers.readHeads([session_id])).get(session_id);
      knownErasures(recorded?.erased ?? 0);
      knownToReach(recorded?.event_sequence ?? 0);
    } catch (err) {
      log.warn({ err, session_id }, 'head check of room failed');
    }
  }

  function compare(before: Position, recorded: Position = EMPTY, grace_ms?: number): void {
    if (isAfter(before, recorded)) knownToReach(recorded.event_sequence, grace_ms);
    else {
      log.error({ session_id, before, recorded }, 'record lacks what was delivered; all listeners begin afresh');
      startAfresh();
    }
  }

  function knownErasures(count: number): void {
    if (!events.knownErasures(count)) return;
    readPage = openPages();
    onErased?.(room);
  }

  function startAfresh(): void {
    onBroken(room);
    for (const member of members) member.abandon();
  }

  function close(): void {
    closed = true;
    events.stop();
    subscription.end();
  }

  const room: Room = {
    ...{ session_id, open, head: events.head, at: events.at, oldest: events.oldest, batch: events.batch },
    ...{ knownToReach, compare, knownErasures, close },
    add: (member) => (closed ? member.abandon() : void members.add(member)),
    remove: (member) => void members.delete(member),
    isOccupied: () => members.size > 0,
    readPage: (after) => readPage(after),
  };
  return room;
}

/** From the announcement until every socket that takes has been written to. */
function observeEmitted(metrics: Metrics, message: string): void {
  const published_at = readPublishedAt(message);
  // Two machines' clocks differ.
  if (published_at !== undefined) metrics.publishToEmit.observe(Math.max(0, Date.now() - published_at) / 1_000);
}

/** Is this the same event, or a later one? */
function isAfter(before: Position, { event_sequence, event_hash }: Position): boolean {
  if (event_sequence === before.event_sequence) return event_hash === before.event_hash;
  return event_sequence > before.event_sequence;
}

function logHeard(log: Log, session_id: string, events: ExportedEvent[], message: string): void {
  for (const [i, { request_id, traceparent }] of readCauses(message).entries()) {
    const event_sequence = events[i]?.event_sequence;
    log.debug({ session_id, event_sequence, request_id, trace_id: traceIdOf(traceparent) }, 'event heard');
  }
}
