/** What a listener is told: the messages of the live protocol, flat and the same on every transport, and why it ends. */
import { CLOSE, type CloseCode, REASONS } from '../../live/closeCodes.ts';
import type { EventMessage, Message, Mode, Position, Snapshot } from '../../live/messages.ts';

export { CLOSE, type CloseCode, type EventMessage, type Message, type Mode, type Position, REASONS, type Snapshot };

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
