/** The live protocol as a client sees it: what it may be told, and how a connection can end. */
import type { ExportedEvent, JsonObject } from '../core/definitions/event.ts';

/** An event's number and hash. */
export interface Position {
  event_sequence: number;
  event_hash: string;
}

/** An event of a session, as the log has it. */
export type SessionEvent = ExportedEvent & { session_id: string };

/** What a server sent, one JSON object; nothing of it is believed before it is looked at. */
export type ServerMessage = JsonObject & { type: string };

/** `snapshot.data`: the session's state at its head, as the server says. */
export interface SnapshotData extends JsonObject {
  head: Position;
}

export type ClientMessage =
  | { type: 'PING' }
  | { type: 'ACK'; last_sequence: number }
  | { type: 'REQUEST_STATE' }
  | { type: 'REAUTH'; token: string }
  // To the sockets of feeds.
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'subscribe'; match_id: string; tiers: readonly number[] }
  | { type: 'unsubscribe'; match_id: string };

/** A refusal is then told by ERROR and a close code, which a page can read, and not by HTTP, which it cannot. */
export const SUBPROTOCOL = 'plearoll.v1';

export const UNAUTHENTICATED = 4401;
export const SLOW = 4408;

/**
 * After these a client stays away until something has changed: 44xx, but for being too slow. What is in the way, such as
 * a proxy, closes with codes of its own.
 */
export function isTerminal(close_code: number): boolean {
  return close_code >= 4400 && close_code < 4500 && close_code !== SLOW;
}

/** As browsers have it, `ws` too. */
export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: the events of browsers and of `ws` have no type in common.
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: any) => void): void;
}

export type SocketConstructor = new (url: string, protocols?: string | string[]) => Socket;
