/** What a listener is told: the messages of the live protocol, flat and the same on every transport, and why it ends. */
import type { ExportedEvent, JsonObject } from '../../core/definitions/event.ts';

/** An event's number and hash: where a stream, or a snapshot of it, stands. */
export interface Position {
  event_sequence: number;
  event_hash: string;
}

/** A session's state at the head it names. */
export interface Snapshot extends JsonObject {
  head: Position;
}

export type Mode = 'snapshot' | 'delta' | 'live';
export type EventMessage = { type: 'EVENT' } & ExportedEvent;

export type Message =
  | { type: 'WELCOME'; mode: Mode; recovered: boolean; head: Position; resume_ticket: null }
  | { type: 'SNAPSHOT'; data: Snapshot }
  | EventMessage
  | { type: 'SYNCED'; event_sequence: number }
  | { type: 'RESYNC'; from: number; to: number; reason: 'position_ahead'; event_hash: string }
  | { type: 'PONG'; timestamp: string; head: Position }
  | { type: 'ERROR'; code: string; detail: string }
  | { type: 'DRAIN'; reconnect_in_ms: number; resume_ticket: null };

/** 4408 and 4503 mean: come back; after the others a client stays away until something has changed. */
export const CLOSE = {
  fault: 1011,
  messages: 4400,
  token: 4401,
  origin: 4403,
  scope: 4404,
  slow: 4408,
  replaced: 4409,
  position: 4422,
  limit: 4429,
  draining: 4503,
} as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** The reason in the close frame, and in metrics. */
export const REASONS: Record<CloseCode, string> = {
  [CLOSE.fault]: 'fault',
  [CLOSE.messages]: 'messages',
  [CLOSE.token]: 'token',
  [CLOSE.origin]: 'origin',
  [CLOSE.scope]: 'scope',
  [CLOSE.slow]: 'slow',
  [CLOSE.replaced]: 'replaced',
  [CLOSE.position]: 'position',
  [CLOSE.limit]: 'limit',
  [CLOSE.draining]: 'draining',
};

/** A connection with more than this to write is busy: whatever else there is for it waits where it costs nothing. */
export const MAX_UNSENT_BYTES = 65_536;

/** One connection, whatever its transport. */
export interface Listener {
  send(message: Message): void;
  close(code: CloseCode): void;
  isOpen(): boolean;
  /** True while so much waits to be written that more should not be added. */
  isBusy(): boolean;
  /** Calls back once when a busy listener has room again; never when it closes first. */
  whenReady(callback: () => void): void;
}

/** Ends a connection after saying why. */
export function dismiss(listener: Listener, code: CloseCode, message: Message): void {
  if (!listener.isOpen()) return;
  listener.send(message);
  listener.close(code);
}

/** Our side failed the listener; its own place in the record is still good. */
export const TROUBLE: Message = {
  type: 'ERROR',
  code: 'unavailable',
  detail: 'The record cannot be reached just now. Come back and go on from your last event.',
};

const texts = new WeakMap<Message, string>();

/** The message as JSON. One event or snapshot goes to many listeners and is turned into text once. */
export function textOf(message: Message): string {
  let text = texts.get(message);
  if (text === undefined) {
    text = JSON.stringify(message);
    texts.set(message, text);
  }
  return text;
}
