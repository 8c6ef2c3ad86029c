/** Says how far events were received: for 20 of them, or after a second, and never so often that a server would mind. */
import type { ClientMessage } from './protocol.ts';

const ACK_EVERY_EVENTS = 20;
/** A server takes 20 messages in 10 s. */
const ACK_EVERY_MS = 1_000;

export function createAcknowledgements(send: (message: ClientMessage) => void) {
  let sent_at = 0;
  let acknowledged = 0;
  let received = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    clearTimeout(timer);
    timer = undefined;
    sent_at = Date.now();
    acknowledged = received;
    send({ type: 'ACK', last_sequence: received });
  }

  function add(event_sequence: number): void {
    received = event_sequence;
    if (acknowledged === 0) acknowledged = received - 1;
    const isDue = received - acknowledged >= ACK_EVERY_EVENTS && Date.now() - sent_at >= ACK_EVERY_MS;
    if (isDue) tell();
    else timer ??= setTimeout(tell, ACK_EVERY_MS);
  }

  return { add, stop: () => clearTimeout(timer) };
}
