/**
 * One listener's way through the record: a cursor that only moves forward, event by event. Replay, live events and
 * what waits for a certain event all leave here, so that from pages to live there is nothing to switch.
 */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Member, Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { CLOSE, dismiss, type EventMessage, type Listener, type Message, TROUBLE } from './messages.ts';

export interface Delivery {
  /** Begins after this sequence; says SYNCED as soon as the other has been delivered. */
  start(cursor: number, synced_at: number): void;
  /** Sends the session's state, between the events where it belongs. Asked again meanwhile, it is sent once. */
  sendSnapshot(): Promise<void>;
  stop(): void;
}

export function createDelivery(room: Room, rooms: Rooms, listener: Listener, log: Log): Delivery {
  const { session_id } = room;
  const member: Member = { pump, abandon: () => dismiss(listener, CLOSE.draining, TROUBLE) };
  const pages = createPages(room, listener, log);
  const due = createDueMessages(listener);
  let cursor = 0;
  let isWaiting = false;
  let isReadingSnapshot = false;

  function start(from: number, synced_at: number): void {
    cursor = from;
    room.add(member);
    sendAt(synced_at, { type: 'SYNCED', event_sequence: synced_at });
    pump();
  }

  function pump(): void {
    while (!isWaiting && !isReadingSnapshot && listener.isOpen() && cursor < room.head().event_sequence) {
      const event = room.at(cursor + 1) ?? pages.next(cursor);
      if (listener.isBusy()) waitForRoom();
      else if (event) deliver(event);
      else void turnPage();
    }
  }

  function deliver(event: EventMessage): void {
    cursor = event.event_sequence;
    listener.send(event);
    due.send(cursor);
  }

  function sendAt(sequence: number, message: Message): void {
    due.add(sequence, message);
    due.send(cursor);
  }

  function waitForRoom(): void {
    isWaiting = true;
    listener.whenReady(() => {
      isWaiting = false;
      pump();
    });
  }

  async function turnPage(): Promise<void> {
    isWaiting = true;
    if (!(await pages.turn(cursor))) return;
    isWaiting = false;
    pump();
  }

  async function sendSnapshot(): Promise<void> {
    if (isReadingSnapshot) return;
    // Meanwhile the cursor does not move: it cannot pass the state that is being read.
    isReadingSnapshot = true;
    try {
      const data = await rooms.readSnapshot(session_id, cursor);
      room.knownToReach(data.head.event_sequence);
      sendAt(data.head.event_sequence, { type: 'SNAPSHOT', data });
    } catch (err) {
      log.warn({ err, session_id }, 'reading snapshot failed');
      if (listener.isOpen()) listener.send(TROUBLE);
    }
    isReadingSnapshot = false;
    pump();
  }

  return { start, sendSnapshot, stop: () => room.remove(member) };
}

/** Messages that are sent when a certain event has been delivered. */
function createDueMessages(listener: Listener) {
  let due: { at: number; message: Message }[] = [];

  function send(cursor: number): void {
    if (due.length === 0) return;
    const ready = due.filter(({ at }) => at <= cursor);
    due = due.filter(({ at }) => at > cursor);
    for (const { message } of ready) listener.send(message);
  }

  return { add: (at: number, message: Message) => void due.push({ at, message }), send };
}

/** The events that the room does not keep any more, read a page at a time. */
function createPages(room: Room, listener: Listener, log: Log) {
  const { session_id } = room;
  let page: EventMessage[] = [];

  function next(cursor: number): EventMessage | undefined {
    const event = page[0] && page[cursor + 1 - page[0].event_sequence];
    return event?.event_sequence === cursor + 1 ? event : undefined;
  }

  /** @returns false when nothing that follows could be read; the listener is dismissed then */
  async function turn(cursor: number): Promise<boolean> {
    try {
      page = await room.readPage(cursor);
    } catch (err) {
      log.warn({ err, session_id }, 'reading page of record failed');
      dismiss(listener, CLOSE.draining, TROUBLE);
      return false;
    }
    if (page[0]?.event_sequence === cursor + 1) return true;
    log.error({ session_id, after: cursor }, 'record has a gap; listener dismissed');
    dismiss(listener, CLOSE.fault, { type: 'ERROR', code: 'internal_error', detail: `Nothing follows ${cursor}.` });
    return false;
  }

  return { next, turn };
}
