/**
 * Listeners with a memory: each asks for its session from the first event on, writes down every event it is told of,
 * and when it loses its connection goes on from its last event at whichever relay comes next. On WebSockets that is the
 * client that everybody has, on socket.io one of our own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, connect } from '../src/client/node.ts';
import type { ExportedEvent } from '../src/core/definitions/event.ts';
import { type Listener, listenOnSocketIo } from '../test/support/listener.ts';

export interface Heard {
  listener: string;
  session_id: string;
  events: ExportedEvent[];
  connections: number;
  /** What the client found wrong with the chain. */
  broken?: string;
}

export interface Listeners {
  heard: Heard[];
  /** The last sequence that each was told of. */
  reached(): { session_id: string; sequence: number }[];
  stop(): Promise<void>;
}

const COME_BACK_MS = 50;
const CONNECT_WITHIN_MS = 5_000;
const TIMING = { ping_ms: 2_000, timeout_ms: 5_000, first_wait_ms: COME_BACK_MS, longest_wait_ms: 500 };

/** @param urls where relays and APIs are just now */
export function startListeners(urls: (of: 'relay' | 'api') => string[], token: string, sessions: string[]): Listeners {
  const heard: Heard[] = [];
  const open = new Set<Listener>();
  const clients: Client[] = [];
  let stopped = false;

  function follow(session_id: string, place: number): void {
    const own: Heard = { listener: `websocket ${place}`, session_id, events: [], connections: 0 };
    heard.push(own);
    const next = (of: 'relay' | 'api') => {
      const all = urls(of);
      return all[(place + own.connections) % all.length]!;
    };
    const url = () => {
      own.connections += 1;
      return next('relay');
    };
    const api = () => next('api');
    const client = connect({ url, api, session: session_id, token, from: 0, timing: TIMING });
    client.on('event', (event) => own.events.push(event));
    const onEnd = ({ message }: Error) => {
      own.broken = message;
    };
    client.on('broken', onEnd);
    client.on('error', onEnd);
    clients.push(client);
  }

  async function listen(session_id: string, place: number): Promise<void> {
    const own: Heard = { listener: `socket.io ${place}`, session_id, events: [], connections: 0 };
    heard.push(own);
    while (!stopped) {
      const relays = urls('relay');
      const url = relays[(place + own.connections) % relays.length]!;
      own.connections += 1;
      const last_sequence = own.events.at(-1)?.event_sequence ?? 0;
      const connection = await withTimeout(listenOnSocketIo(url, { token, session_id, last_sequence }));
      if (connection) await hear(connection, own);
      if (!stopped) await sleep(COME_BACK_MS);
    }
  }

  async function hear(connection: Listener, own: Heard): Promise<void> {
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

  for (const [i, session_id] of sessions.entries()) follow(session_id, i);
  const running = Promise.all(sessions.map((session_id, i) => listen(session_id, i + 1)));
  return {
    heard,
    reached: () =>
      heard.map(({ session_id, events }) => ({ session_id, sequence: events.at(-1)?.event_sequence ?? 0 })),
    async stop() {
      stopped = true;
      for (const one of [...open, ...clients]) one.close();
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
