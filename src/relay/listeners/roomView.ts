/** What operators see of a room, as this relay has it. */
import { MOST_LISTENERS, type RoomView } from '../../infra/reports/roomViews.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Guest } from './guests.ts';

/** @returns undefined where nobody listens to it here */
export function viewOf(
  session_id: string,
  rooms: Pick<Rooms, 'occupied'>,
  /** Of that session. */
  guests: Iterable<Guest>,
): RoomView | undefined {
  const room = rooms.occupied().find((one) => one.session_id === session_id);
  if (!room) return undefined;
  const listeners: RoomView['listeners'] = [];
  for (const { admitted, transport, visit } of guests) {
    listeners.push({ connection_id: admitted.connection_id, transport, ...visit.progress() });
  }
  listeners.sort((one, other) => other.lag - one.lag);
  const head = room.head();
  return {
    head,
    ring: { from: room.oldest().event_sequence, to: head.event_sequence },
    listeners: listeners.slice(0, MOST_LISTENERS),
  };
}
