/** How listeners of one kind of room are spoken with: what they are told first and when they are sent away, and what they may say. */
import type { Room } from '../rooms/room.ts';
import { type ClientMessage, NOT_ALLOWED, readClientMessage } from './clientMessages.ts';
import type { Delivery } from './delivery.ts';
import { type JoinOptions, join } from './join.ts';
import type { Message } from './messages.ts';
import type { Outlet } from './outlet.ts';
import type { Prepared } from './prepared.ts';

export interface Protocol {
  /** Does nothing where the listener is gone before it could start. @throws when Postgres fails */
  join(room: Room, outlet: Outlet, delivery: Delivery, options: JoinOptions): Promise<void>;
  /** @returns undefined for what may not be said */
  read(said: unknown): ClientMessage | undefined;
  notAllowed: Message;
  pong(room: Room): Message | Prepared;
  /** Whether a listener is told that its token ends soon. */
  warns: boolean;
  /** What a listener is told that is to come back. */
  farewell(reconnect_in_ms: number, resume_ticket: string): Message;
}

/** Of sessions' records. */
export const LIVE_PROTOCOL: Protocol = {
  join,
  read: readClientMessage,
  notAllowed: NOT_ALLOWED,
  pong: (room) => ({ type: 'PONG', timestamp: new Date().toISOString(), head: room.head() }),
  warns: true,
  farewell: (reconnect_in_ms, resume_ticket) => ({ type: 'DRAIN', reconnect_in_ms, resume_ticket }),
};
