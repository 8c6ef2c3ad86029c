/** What a listener is told: the messages of the live protocol, flat and the same on every transport, and why it ends. */
import { CLOSE, type CloseCode, REASONS } from '../../live/closeCodes.ts';
import type { EventMessage, Message, Mode, Position, Snapshot } from '../../live/messages.ts';

export { CLOSE, type CloseCode, type EventMessage, type Message, type Mode, type Position, REASONS, type Snapshot };

/** One connection as those see it that have something to say on it, whatever its transport. */
export interface Listener {
  /**
   * Goes out as soon as the connection takes it, between events; one of the same kind that still waits is replaced.
   * Nothing but an ERROR goes before WELCOME.
   */
  send(message: Message): void;
  /** The same for what is made when its turn comes; undefined: then there is nothing to say. */
  owe(kind: string, make: () => Message | undefined): void;
  /** Says why, where the connection still takes it, and ends it. */
  close(code: CloseCode, message: Message): void;
  isOpen(): boolean;
}

/** Ends a connection after saying why. */
export function dismiss(listener: Pick<Listener, 'close'>, code: CloseCode, message: Message): void {
  listener.close(code, message);
}

/** Our side failed the listener; its own place in the record is still good. */
export const TROUBLE: Message = {
  type: 'ERROR',
  code: 'unavailable',
  detail: 'The record cannot be reached just now. Come back and go on from your last event.',
};
