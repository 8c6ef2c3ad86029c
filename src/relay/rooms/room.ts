/**
 * A room follows one session: it hears announcements, puts them in order, and reads from Postgres whatever it did not
 * hear. It never holds a hole: its head moves only to the event that comes next and names the head's hash.
 */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { readCauses } from '../../infra/broadcast/announcements.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { traceIdOf } from '../../infra/telemetry/tracing.ts';
import type { EventMessage, Position } from '../listeners/messages.ts';
import { readAnnouncement } from './checkAnnouncement.ts';
import { createHealing, type Healing, PAGE } from './healing.ts';
import type { Readers } from './readers.ts';
import { createRecentEvents, eventMessage, type RecentEvents } from './recentEvents.ts';
import { subscribe } from './subscription.ts';

/** Whoever is told when the head moves. */
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
  at(sequence: number): EventMessage | undefined;
  readPage(after: number): Promise<EventMessage[]>;
  /** The record is known to reach this far: what is not heard within the grace is read. */
  expect(sequence: number, grace_ms?: number): void;
  /** The record's head, read after the room stood at `before`: what is announced has been committed, so it has that too. */
  compare(before: Position, recorded: Position | undefined, grace_ms?: number): void;
  close(): void;
}

export interface RoomOptions {
  readers: Readers;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
  /** Called before the members are abandoned. */
  onBroken(room: Room): void;
}

const RING = { events: 1_024, size: 4 * 2 ** 20 };
const MAX_EARLY = 256;
const TAIL_GRACE_MS = 50;
const EMPTY: Position = { event_sequence: 0, event_hash: GENESIS_HASH };

export function createRoom(session_id: string, { readers, broadcast, metrics, log, onBroken }: RoomOptions): Room {
  const stream = sessionStreamName(session_id);
  const members = new Set<Member>();
  const early = new Map<number, ExportedEvent>();
  const subscription = subscribe(broadcast, stream, hear, () => void check(), log);
  let opening: Promise<void> | undefined;
  let primed: { ring: RecentEvents; healing: Healing } | undefined;
  let closed = false;

  function open(): Promise<void> {
    opening ??= prime().catch((fault) => {
      opening = undefined;
      throw fault;
    });
    return opening;
  }

  /** Reads only once it hears, so that what is committed in between is not missed. */
  async function prime(): Promise<void> {
    await subscription.ready;
    const events = await readers.readLatest(session_id, RING.events, RING.size);
    const ring = createRecentEvents(RING, events);
    const options = { session_id, readers, metrics, log, early, onRead: settle, onFork: startAfresh };
    primed = { ring, healing: createHealing(ring, options) };
    metrics.heals.inc({ cause: 'prime' }, events.length);
    settle();
  }

  async function readHead(): Promise<number> {
    return (await readers.readHeads([session_id])).get(session_id)?.event_sequence ?? 0;
  }

  function hear(message: string): void {
    if (closed) return;
    const events = readAnnouncement(message, stream);
    if (!events) {
      log.warn({ session_id }, 'an announcement was not genuine; asking the record');
      void check();
      return;
    }
    if (log.isLevelEnabled('debug')) logHeard(events, message);
    for (const event of events) early.set(event.event_sequence, event);
    settle();
  }

  function logHeard(events: ExportedEvent[], message: string): void {
    for (const [i, { request_id, traceparent }] of readCauses(message).entries()) {
      const event_sequence = events[i]?.event_sequence;
      log.debug({ session_id, event_sequence, request_id, trace_id: traceIdOf(traceparent) }, 'event heard');
    }
  }

  /** Takes in what is next, tells the members, and sees to it that a gap is filled. */
  function settle(): void {
    if (primed) {
      takeInEarly(primed.ring);
      if (early.size > 0) primed.healing.gapSeen();
      for (const member of members) member.pump();
    }
    // The record is the buffer for what is too much.
    if (early.size > MAX_EARLY) early.clear();
  }

  function takeInEarly(ring: RecentEvents): void {
    const nextOne = () => early.get(ring.head().event_sequence + 1);
    for (let next = nextOne(); next && ring.append(next); ) next = nextOne();
    for (const sequence of early.keys()) if (sequence <= ring.head().event_sequence) early.delete(sequence);
  }

  async function check(): Promise<void> {
    try {
      expect(await readHead());
    } catch (err) {
      log.warn({ err, session_id }, 'a room could not check its head');
    }
  }

  function expect(sequence: number, grace_ms: number = TAIL_GRACE_MS): void {
    primed?.healing.expect(sequence, grace_ms);
  }

  function compare(before: Position, recorded: Position | undefined, grace_ms?: number): void {
    const { event_sequence, event_hash } = recorded ?? EMPTY;
    const isLost = event_sequence === before.event_sequence && event_hash !== before.event_hash;
    if (!isLost && event_sequence >= before.event_sequence) {
      expect(event_sequence, grace_ms);
      return;
    }
    log.error({ session_id, before, recorded }, 'the record does not have what was delivered; all begin afresh');
    startAfresh();
  }

  function startAfresh(): void {
    onBroken(room);
    for (const member of members) member.abandon();
  }

  function add(member: Member): void {
    if (closed) member.abandon();
    else members.add(member);
  }

  function close(): void {
    closed = true;
    primed?.healing.stop();
    subscription.end();
  }

  const room: Room = {
    session_id,
    add,
    remove: (member) => void members.delete(member),
    isOccupied: () => members.size > 0,
    open,
    head: () => primed!.ring.head(),
    at: (sequence) => primed!.ring.at(sequence),
    readPage: async (after) => (await readers.readEvents(session_id, after, PAGE)).map(eventMessage),
    expect,
    compare,
    close,
  };
  return room;
}
