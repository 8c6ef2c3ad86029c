/**
 * Joining a room: from where a listener goes on, and what it is told first. WELCOME, then RESYNC and SNAPSHOT where its
 * position cannot be honoured or it named none, then every event that is missing, SYNCED, and live from there.
 */
import type { Scope } from '../../access/scope.ts';
import type { Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Delivery } from './delivery.ts';
import type { Mode, Position } from './messages.ts';
import type { Outlet } from './outlet.ts';
import { type Prepared, prepare } from './prepared.ts';

export interface JoinOptions {
  rooms: Rooms;
  /** The last sequence the listener has; undefined when it knows nothing yet. */
  last_sequence: number | undefined;
  /** A listener further behind gets a snapshot; 0: nobody does. */
  maxReplay: number;
  /** To come back with. */
  resume_ticket: string;
  /** As it was admitted. */
  scope: Scope;
}

/** Does nothing where the listener is gone before it could start. @throws when Postgres fails */
export async function join(room: Room, outlet: Outlet, delivery: Delivery, options: JoinOptions): Promise<void> {
  const { rooms, last_sequence, maxReplay, resume_ticket } = options;
  await room.open();
  const head = laterOf(await rooms.readHead(room.session_id), room.head());
  const mode = modeOf(last_sequence, head, maxReplay);
  if (mode !== 'snapshot') return begin([welcome(mode, head, resume_ticket)], last_sequence!, head);
  const snapshot = await rooms.readSnapshot(room.session_id, head);
  const isAhead = last_sequence !== undefined && last_sequence > snapshot.head.event_sequence;
  const resync = isAhead ? [positionAhead(last_sequence, snapshot.head)] : [];
  const { event_sequence } = snapshot.head;
  begin([welcome(mode, snapshot.head, resume_ticket), ...resync, snapshot.message], event_sequence, snapshot.head);

  function begin(messages: Prepared[], cursor: number, { event_sequence }: Position): void {
    if (!outlet.isOpen()) return;
    const synced = prepare({ type: 'SYNCED', event_sequence });
    const isLevel = cursor === event_sequence;
    // One write for all that a crowd is told first: writes are most of what its coming costs.
    outlet.welcome(isLevel ? [...messages, synced] : messages);
    delivery.start(cursor, isLevel ? undefined : { at: event_sequence, message: synced });
    room.knownToReach(event_sequence);
  }
}

function modeOf(last_sequence: number | undefined, head: Position, maxReplay: number): Mode {
  if (last_sequence === undefined) return 'snapshot';
  const behind = head.event_sequence - last_sequence;
  if (behind < 0 || (maxReplay > 0 && behind > maxReplay)) return 'snapshot';
  return behind === 0 ? 'live' : 'delta';
}

function welcome(mode: Mode, head: Position, resume_ticket: string): Prepared {
  return prepare({ type: 'WELCOME', mode, recovered: mode !== 'snapshot', head, resume_ticket });
}

function positionAhead(to: number, { event_sequence, event_hash }: Position): Prepared {
  return prepare({ type: 'RESYNC', from: event_sequence + 1, to, reason: 'position_ahead', event_hash });
}

function laterOf(one: Position, other: Position): Position {
  return other.event_sequence > one.event_sequence ? other : one;
}
