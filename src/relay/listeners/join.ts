/**
 * Joining a room: from where a listener goes on, and what it is told first. WELCOME, then RESYNC and SNAPSHOT where its
 * position cannot be honoured or it named none, then every event that is missing, SYNCED, and live from there.
 */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { Listener, Message, Mode, Position } from './messages.ts';

export interface JoinOptions {
  rooms: Rooms;
  /** The last sequence the listener has; undefined when it knows nothing yet. */
  last_sequence: number | undefined;
  /** A listener further behind gets a snapshot; 0: nobody does. */
  maxReplay: number;
  /** To come back with. */
  resume_ticket: string;
  log: Log;
}

/** @returns undefined when the listener was gone before it could start. @throws when Postgres fails */
export async function join(room: Room, listener: Listener, options: JoinOptions): Promise<Delivery | undefined> {
  const { rooms, last_sequence, maxReplay, resume_ticket, log } = options;
  await room.open();
  const head = laterOf(await rooms.readHead(room.session_id), room.head());
  const mode = modeOf(last_sequence, head, maxReplay);
  if (mode !== 'snapshot') {
    if (!listener.isOpen()) return undefined;
    listener.send(welcome(mode, head, resume_ticket));
    return begin(last_sequence!, head);
  }
  const data = await rooms.readSnapshot(room.session_id, head.event_sequence);
  if (!listener.isOpen()) return undefined;
  listener.send(welcome(mode, data.head, resume_ticket));
  if (last_sequence !== undefined && last_sequence > data.head.event_sequence) {
    listener.send(positionAhead(last_sequence, data.head));
  }
  listener.send({ type: 'SNAPSHOT', data });
  return begin(data.head.event_sequence, data.head);

  function begin(cursor: number, { event_sequence }: Position): Delivery {
    const delivery = createDelivery(room, rooms, listener, log);
    delivery.start(cursor, event_sequence);
    room.knownToReach(event_sequence);
    return delivery;
  }
}

function modeOf(last_sequence: number | undefined, head: Position, maxReplay: number): Mode {
  if (last_sequence === undefined) return 'snapshot';
  const behind = head.event_sequence - last_sequence;
  if (behind < 0 || (maxReplay > 0 && behind > maxReplay)) return 'snapshot';
  return behind === 0 ? 'live' : 'delta';
}

function welcome(mode: Mode, head: Position, resume_ticket: string): Message {
  return { type: 'WELCOME', mode, recovered: mode !== 'snapshot', head, resume_ticket };
}

function positionAhead(to: number, { event_sequence, event_hash }: Position): Message {
  return { type: 'RESYNC', from: event_sequence + 1, to, reason: 'position_ahead', event_hash };
}

function laterOf(one: Position, other: Position): Position {
  return other.event_sequence > one.event_sequence ? other : one;
}
