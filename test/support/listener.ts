/** Listeners as the tests use them: a plain WebSocket or socket.io, keeping every message, waited for without sleeping. */
import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Namespace } from '../../src/relay/listeners/prepared.ts';
import type { Json } from './client.ts';
import { checkFrame } from './liveFrames.ts';

export interface Listener {
  messages: Json[];
  /** The events so far, without their `type`, as the log shows them. */
  events(): Json[];
  /** Resolves with the first message, past or to come, that fits. */
  until(fits: (message: Json) => boolean): Promise<Json>;
  send(message: Json): void;
  /** How it ended: a close code, or the reason of socket.io. */
  closed: Promise<number | string>;
  close(): void;
}

export interface ListenOptions {
  token: string | null;
  /** Not of feeds. */
  session_id?: string;
  last_sequence?: number | string | undefined;
  /** False: without presence. */
  seat?: boolean | string;
  /** Beside those of the protocol. */
  headers?: Record<string, string>;
  resume_ticket?: string;
  /** What the browser says of itself. */
  fingerprint?: string;
  /** Of what kind of room; not on SSE. */
  namespace?: Namespace;
}

const PATIENCE_MS = 25_000;

function mailbox(namespace?: Namespace) {
  const messages: Json[] = [];
  const waiting = new Set<() => void>();
  const receive = (message: Json) => {
    checkFrame(message, namespace);
    messages.push(message);
    for (const look of [...waiting]) look();
  };
  const until = (fits: (message: Json) => boolean) =>
    new Promise<Json>((resolve, reject) => {
      const look = () => {
        const found = messages.find(fits);
        if (!found) return;
        waiting.delete(look);
        clearTimeout(deadline);
        resolve(found);
      };
      const seen = () => messages.slice(-5).map((message) => JSON.stringify(message).slice(0, 200));
      const deadline = setTimeout(
        () => reject(new Error(`waited in vain; last came ${seen().join('\n')}`)),
        PATIENCE_MS,
      );
      waiting.add(look);
      look();
    });
  const events = () => messages.filter(({ type }) => type === 'EVENT').map(({ type: _, ...event }) => event);
  return { messages, receive, until, events };
}

function queryOf({ token, last_sequence, seat, resume_ticket, fingerprint }: ListenOptions): URLSearchParams {
  return new URLSearchParams({
    ...(token !== null && { token }),
    ...(last_sequence !== undefined && { last_sequence: String(last_sequence) }),
    ...(seat !== undefined && { seat: String(seat) }),
    ...(resume_ticket !== undefined && { resume_ticket }),
    ...(fingerprint !== undefined && { fingerprint }),
  });
}

/** @throws the HTTP status when the upgrade is refused */
export async function listenOnWebSocket(url: string, options: ListenOptions): Promise<Listener> {
  const { session_id, headers = {}, namespace = '/live' } = options;
  const place = namespace === '/feeds' ? '' : `/${session_id}`;
  const path = `${namespace}/ws${place}?${queryOf(options)}`;
  const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
  const { receive, ...box } = mailbox(namespace);
  socket.on('message', (data) => receive(JSON.parse(String(data))));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
    socket.on('unexpected-response', (_req, res) => reject(new Error(`refused with ${res.statusCode}`)));
  });
  return { ...box, closed, send: (message) => socket.send(JSON.stringify(message)), close: () => socket.close() };
}

export interface SseListener extends Listener {
  /** The stream's blocks as they came, comments too. */
  blocks: string[];
  headers: IncomingHttpHeaders;
  /** Nothing is read any more, until it goes on. */
  pause(): void;
  resume(): void;
}

/** @throws the HTTP status when it is refused */
export async function listenOnSse(url: string, options: ListenOptions): Promise<SseListener> {
  const { session_id, headers = {} } = options;
  const request = get(`${url}/live/sse/${session_id}?${queryOf(options)}`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    request.destroy();
    throw new Error(`refused with ${response.statusCode}`);
  }
  const { receive, ...box } = mailbox();
  const closed = new Promise<string>((resolve) =>
    response.on('close', () => resolve(response.complete ? 'ended' : 'cut')),
  );
  const blocks: string[] = [];
  let rest = '';
  response.setEncoding('utf8').on('error', () => {});
  response.on('data', (text: string) => {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop()!;
    for (const block of parts) {
      blocks.push(block);
      const [, message] = /^data: (.*)$/m.exec(block) ?? [];
      if (message !== undefined) receive(JSON.parse(message));
    }
  });
  return {
    ...box,
    blocks,
    headers: response.headers,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    closed,
    send: () => {
      throw new Error('nobody can say anything on an event stream');
    },
    close: () => void request.destroy(),
  };
}

/** @throws the connect_error when it is refused */
export async function listenOnSocketIo(url: string, options: ListenOptions, transports?: string[]): Promise<Listener> {
  const { headers: extraHeaders = {}, namespace = '/live', token, ...asked } = options;
  const socket = io(url + namespace, {
    auth: { ...asked, ...(token !== null && { token }) },
    forceNew: true,
    reconnection: false,
    extraHeaders,
    ...(transports && { transports }),
  });
  const { receive, ...box } = mailbox(namespace);
  socket.onAny((_name: string, message: Json) => receive(message));
  const closed = new Promise<string>((resolve) => socket.on('disconnect', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', (error) => {
      socket.close();
      reject(error);
    });
  });
  return { ...box, closed, send: (message) => socket.emit(message.type, message), close: () => void socket.close() };
}
