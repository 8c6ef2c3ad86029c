/**
 * Listeners with a memory: each asks for its session from the first event on, writes down every event it is told of,
 * and when it loses its connection goes on from its last event at whichever relay comes next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportedEvent } from '../src/core/definitions/event.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../test/support/listener.ts';

export interface Heard {
  listener: string;
  session_id: string;
  events: ExportedEvent[];
  connections: number;
}

export interface Listeners {
  heard: Heard[];
  /** The last sequence that each was told of. */
  reached(): { session_id: string; sequence: number }[];
  stop(): Promise<void>;
}

const COME_BACK_MS = 50;
const CONNECT_WITHIN_MS = 5_000;
const TRANSPORTS = { websocket: listenOnWebSocket, 'socket.io': listenOnSocketIo };

/** @param relays where they are just now */
export function startListeners(relays: () => string[], token: string, sessions: string[]): Listeners {
  const heard: Heard[] = [];
  const open = new Set<Listener>();
  let stopped = false;

  async function listen(transport: keyof typeof TRANSPORTS, session_id: string, place: number): Promise<void> {
    const own: Heard = { listener: `${transport} ${place}`, session_id, events: [], connections: 0 };
    heard.push(own);
    while (!stopped) {
      const urls = relays();
      const url = urls[(place + own.connections) % urls.length]!;
      own.connections += 1;
      const last_sequence = own.events.at(-1)?.event_sequence ?? 0;
      const connection = await withTimeout(TRANSPORTS[transport](url, { token, session_id, last_sequence }));
      if (connection) await follow(connection, own);
      if (!stopped) await sleep(COME_BACK_MS);
    }
  }

  async function follow(connection: Listener, own: Heard): Promise<void> {
    open.add(connection);
    if (stopped) connection.close();
    let taken = 0;
    const take = () => {
      for (; taken < connection.messages.length; taken += 1) {
        const { type, ...event } = connection.messages[taken]!;
        if (type === 'EVENT') own.events.push(event as ExportedEvent);
      }
    };
    const timer = setInterval(take, 20);
    await connection.closed;
    clearInterval(timer);
    take();
    open.delete(connection);
  }

  const running = Promise.all(
    sessions.flatMap((session_id, i) => [listen('websocket', session_id, i), listen('socket.io', session_id, i + 1)]),
  );
  return {
    heard,
    reached: () =>
      heard.map(({ session_id, events }) => ({ session_id, sequence: events.at(-1)?.event_sequence ?? 0 })),
    async stop() {
      stopped = true;
      for (const connection of open) connection.close();
      await running;
    },
  };
}

/** Whoever freezes while it is asked is left: its connection, if it comes yet, is closed. */
async function withTimeout(connecting: Promise<Listener>): Promise<Listener | undefined> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve(undefined);
    }, CONNECT_WITHIN_MS);
  });
  const connected = connecting.then(
    (connection) => {
      if (isLate) connection.close();
      return connection;
    },
    () => undefined,
  );
  return Promise.race([connected, late]).finally(() => clearTimeout(timer));
}
