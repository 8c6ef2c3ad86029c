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
  let cursor = 0;
  let page: EventMessage[] = [];
  let due: { at: number; message: Message }[] = [];
  let isWaiting = false;
  let isHeld = false;

  function start(from: number, synced_at: number): void {
    cursor = from;
    room.add(member);
    sendAt(synced_at, { type: 'SYNCED', event_sequence: synced_at });
    pump();
  }

  function pump(): void {
    while (!isWaiting && !isHeld && listener.isOpen() && cursor < room.head().event_sequence) {
      const event = room.at(cursor + 1) ?? nextOnPage();
      if (listener.isBusy()) waitForRoom();
      else if (event) deliver(event);
      else void turnPage();
    }
  }

  function nextOnPage(): EventMessage | undefined {
    const event = page[0] && page[cursor + 1 - page[0].event_sequence];
    return isNext(event) ? event : undefined;
  }

  function deliver(event: EventMessage): void {
    cursor = event.event_sequence;
    listener.send(event);
    if (due.length > 0) sendDue();
  }

  function sendAt(sequence: number, message: Message): void {
    due.push({ at: sequence, message });
    sendDue();
  }

  function sendDue(): void {
    const ready = due.filter(({ at }) => at <= cursor);
    due = due.filter(({ at }) => at > cursor);
    for (const { message } of ready) listener.send(message);
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
    try {
      page = await room.readPage(cursor);
    } catch (err) {
      log.warn({ err, session_id }, 'a page of the record could not be read');
      dismiss(listener, CLOSE.draining, TROUBLE);
      return;
    }
    if (!isNext(page[0])) {
      log.error({ session_id, after: cursor }, 'the record has a hole; nobody is led over it');
      dismiss(listener, CLOSE.fault, { type: 'ERROR', code: 'internal_error', detail: `Nothing follows ${cursor}.` });
      return;
    }
    isWaiting = false;
    pump();
  }

  function isNext(event: EventMessage | undefined): boolean {
    return event?.event_sequence === cursor + 1;
  }

  async function sendSnapshot(): Promise<void> {
    if (isHeld) return;
    // StreamState, the cursor cannot pass the state that is being read.
    isHeld = true;
    try {
      const data = await rooms.readSnapshot(session_id, cursor);
      room.expect(data.head.event_sequence);
      sendAt(data.head.event_sequence, { type: 'SNAPSHOT', data });
    } catch (err) {
      log.warn({ err, session_id }, 'a snapshot could not be read');
      if (listener.isOpen()) listener.send(TROUBLE);
    }
    isHeld = false;
    pump();
  }

  return { start, sendSnapshot, stop: () => room.remove(member) };
}
