/** What a client is told, with what it does where it is told nothing. */
import type { Position, SocketConstructor } from './protocol.ts';
import type { TokenSource } from './tokens.ts';

export interface ConnectOptions {
  /** Of the relay: http(s) or ws(s). A function is asked before each connection: there may be several relays. */
  url: string | (() => string);
  /** The id of the session. */
  session: string;
  /** Of the API, where it is another one. */
  api?: string | (() => string);
  /** A function is asked before each connection, and when a token ends. */
  token?: TokenSource;
  /** An observer's: for the relay in the place of the token. */
  ticket?: string;
  /** The last event that is known: 0 for all there are. Without it the session's state comes first, and then what is new. */
  from?: number | Position;
  /** false listens without being present. */
  seat?: boolean;
  /** false gives out what comes unseen, only in its order. */
  verify?: boolean;
  /** Events that wait for a reader of `events()` before the client stops taking more: 1,000. */
  queue?: number;
  /** Where there is no global one. */
  WebSocket?: SocketConstructor;
  fetch?: typeof fetch;
  /** Milliseconds: 15,000, 10,000, 500 and 30,000. */
  timing?: { ping_ms?: number; timeout_ms?: number; first_wait_ms?: number; longest_wait_ms?: number };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIMING = { ping_ms: 15_000, timeout_ms: 10_000, first_wait_ms: 500, longest_wait_ms: 30_000 };
const QUEUE = 1_000;

/** @throws {TypeError} where they make no sense */
export function readOptions(options: ConnectOptions) {
  const { token, ticket, seat = true, verify = true, queue = QUEUE } = options;
  const session = options.session.toLowerCase();
  if (!UUID.test(session)) throw new TypeError(`session: ${options.session} is no id`);
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  if (!Socket) throw new TypeError('WebSocket: there is none here; give one');
  return {
    relay: locator(options.url, 'ws'),
    api: locator(options.api ?? options.url, 'http'),
    session,
    token,
    ticket,
    seat,
    begin: options.from === undefined ? undefined : beginOf(options.from),
    verify,
    queue,
    Socket,
    fetch: options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request)),
    timing: { ...TIMING, ...options.timing },
  };
}

/** A fixed one is looked at once, and at once. */
function locator(url: string | (() => string), scheme: 'ws' | 'http'): () => string {
  if (typeof url === 'function') return () => schemed(url(), scheme);
  const fixed = schemed(url, scheme);
  return () => fixed;
}

function beginOf(from: number | Position) {
  const begin = typeof from === 'number' ? { event_sequence: from, event_hash: undefined } : { ...from };
  if (Number.isSafeInteger(begin.event_sequence) && begin.event_sequence >= 0) return begin;
  throw new TypeError('from: a whole number, 0 or more');
}

function schemed(url: string, scheme: 'ws' | 'http'): string {
  const { protocol, host, pathname } = new URL(url);
  if (!/^(http|ws)s?:$/.test(protocol)) throw new TypeError(`url: ${url} is neither http nor ws`);
  return `${scheme}${/^(https|wss):$/.test(protocol) ? 's' : ''}://${host}${pathname.replace(/\/+$/, '')}`;
}

export interface Resumption {
  token: string | undefined;
  ticket: string | undefined;
  last_sequence: number | undefined;
  seat: boolean;
}

export function feedsAddressOf(relay: string, { token, ticket }: Pick<Resumption, 'token' | 'ticket'>): string {
  const query = new URLSearchParams({
    ...(token !== undefined && { token }),
    ...(ticket !== undefined && { resume_ticket: ticket }),
  });
  return `${relay}/feeds/ws?${query}`;
}

export function galleryAddressOf(
  relay: string,
  session: string,
  { token, ticket }: Pick<Resumption, 'token' | 'ticket'>,
): string {
  const query = new URLSearchParams({
    ...(token !== undefined && { token }),
    ...(ticket !== undefined && { resume_ticket: ticket }),
  });
  return `${relay}/gallery/ws/${session}?${query}`;
}

export function addressOf(relay: string, session: string, { token, ticket, last_sequence, seat }: Resumption): string {
  const query = new URLSearchParams({
    ...(token !== undefined && { token }),
    ...(last_sequence !== undefined && { last_sequence: String(last_sequence) }),
    ...(ticket !== undefined && { resume_ticket: ticket }),
    ...(!seat && { seat: 'false' }),
  });
  return `${relay}/live/ws/${session}?${query}`;
}
