/** How clients meet a refusal: what each of them can read of it, and nothing else. */
import { text } from 'node:stream/consumers';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Namespace } from '../../src/relay/listeners/prepared.ts';
import type { Json } from './client.ts';

export interface Refused {
  /** Of an HTTP answer, or of socket.io's `err.data`. */
  status?: number | undefined;
  /** Of a connection that was made and closed again. */
  close?: number;
  code: string;
  retry_after_ms?: number;
}

export interface Asked {
  token?: string;
  /** Not of feeds. */
  session_id?: string;
  last_sequence?: string;
  resume_ticket?: string;
  /** Of what kind of room; not on SSE. */
  namespace?: Namespace;
}

export interface Browser {
  origin?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

const retryIn = (seconds: unknown) => (seconds === undefined ? {} : { retry_after_ms: Number(seconds) * 1_000 });

/** @throws when it is let in */
export async function refusedOnWebSocket(url: string, asked: Asked, browser: Browser = {}): Promise<Refused> {
  const { session_id, namespace = '/live', ...query } = asked;
  const place = namespace === '/feeds' ? '' : `/${session_id}`;
  const path = `${namespace}/ws${place}?${new URLSearchParams(query as Record<string, string>)}`;
  return refusedAtPath(url, path, browser);
}

export function refusedAtPath(
  url: string,
  path: string,
  { origin, protocols = [], headers = {} }: Browser = {},
): Promise<Refused> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, protocols, { headers, ...(origin && { origin }) });
  const messages: Json[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', async (_req, res) => {
      const { code } = JSON.parse((await text(res)) || '{}');
      resolve({ status: res.statusCode, code, ...retryIn(res.headers['retry-after']) });
    });
    socket.on('message', (bytes) => {
      messages.push(JSON.parse(String(bytes)));
      if (messages[0]!.type.toUpperCase() === 'ERROR') return;
      socket.terminate();
      reject(new Error(`let in: ${messages[0]!.type}`));
    });
    socket.on('close', (close) => resolve({ close, code: messages[0]?.code }));
  });
}

/** @throws when it is let in */
export async function refusedOnSse(url: string, asked: Asked, { origin, headers }: Browser = {}): Promise<Refused> {
  const { session_id, ...query } = asked;
  const path = `/live/sse/${session_id}?${new URLSearchParams(query as Record<string, string>)}`;
  const answer = await fetch(url + path, { headers: { ...headers, ...(origin && { origin }) } });
  if (answer.ok) {
    await answer.body!.cancel();
    throw new Error('let in');
  }
  const { code } = (await answer.json()) as Refused;
  return { status: answer.status, code, ...retryIn(answer.headers.get('retry-after') ?? undefined) };
}

/** @throws when it is let in */
export async function refusedOnSocketIo(
  url: string,
  asked: Asked,
  { origin, headers }: Browser = {},
  transports = ['polling', 'websocket'],
): Promise<Refused> {
  const extraHeaders = { ...headers, ...(origin && { origin }) };
  const { namespace = '/live', ...auth } = asked;
  const socket = io(url + namespace, { auth, forceNew: true, reconnection: false, transports, extraHeaders });
  try {
    return await new Promise((resolve, reject) => {
      socket.on('connect_error', (error) => resolve((error as Error & { data: Refused }).data));
      socket.on('connect', () => reject(new Error('let in')));
    });
  } finally {
    socket.close();
  }
}
