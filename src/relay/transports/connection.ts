/**
 * A transport's connection as the relay uses it: what it is sent is counted, and how it is ended; one that owes and
 * takes nothing for a minute is ended as slow.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { CLOSE, dismiss, type Listener, type Message, REASONS } from '../listeners/messages.ts';

export interface Connection {
  listener: Listener;
  /** It is closed. */
  stop(): void;
}

const UNREAD_MS = 60_000;
const SLOW: Message = {
  type: 'ERROR',
  code: 'slow',
  detail: 'Nothing was read for a minute. Come back and go on from your last event.',
};

export function createConnection(transport: Listener, metrics: Metrics): Connection {
  let unread: NodeJS.Timeout | undefined;
  const listener: Listener = {
    ...transport,
    send(message) {
      if (!transport.isOpen()) return;
      transport.send(message);
      metrics.delivered.inc();
      metrics.deliveries.count();
    },
    close(code) {
      metrics.closedSockets.inc({ reason: REASONS[code] });
      transport.close(code);
    },
    whenReady(callback) {
      unread ??= setTimeout(() => dismiss(listener, CLOSE.slow, SLOW), UNREAD_MS).unref();
      transport.whenReady(() => {
        clearTimeout(unread);
        unread = undefined;
        callback();
      });
    },
  };
  return { listener, stop: () => clearTimeout(unread) };
}
