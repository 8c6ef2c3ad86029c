/** What a client asks for, as each transport carries it: in a URL's query and headers, or in socket.io's `auth`. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { Problem } from '../../core/definitions/problem.ts';
import type { Addresses } from '../../infra/addresses.ts';
import { LAST_OPEN, type Request, type Transport } from '../listeners/admission.ts';

export type RealAddress = Addresses['realAddress'];

export function requestOfUrl(
  transport: Exclude<Transport, 'socketio'>,
  req: IncomingMessage,
  id: string | typeof LAST_OPEN,
  realAddress: RealAddress,
): Request {
  const query = new URLSearchParams(req.url!.slice(pathOf(req).length));
  const given = (name: string) => onlyOf(query.getAll(name));
  // Empty before a browser's first event.
  const lastEventId = (transport === 'sse' && req.headers['last-event-id']) || undefined;
  return {
    transport,
    address: realAddress(req.socket.remoteAddress, req.headers),
    origin: req.headers.origin,
    host: req.headers.host,
    fingerprint: fingerprintOf(req.headers, given('fingerprint')),
    user_agent: req.headers['user-agent'],
    token: onlyOf([...query.getAll('token'), bearerToken(req.headers.authorization)]),
    session_id: id === LAST_OPEN ? LAST_OPEN : decoded(id),
    resume_ticket: given('resume_ticket'),
    lastSequence: () => demandPosition(numberIn(lastEventId ?? given('last_sequence'))),
    seat: () => demandSeat(given('seat')),
  };
}

export function requestOfHandshake({ auth, headers, address }: Socket['handshake'], realAddress: RealAddress): Request {
  return {
    transport: 'socketio',
    address: realAddress(address, headers),
    origin: headers.origin,
    host: headers.host,
    fingerprint: fingerprintOf(headers, auth.fingerprint),
    user_agent: headers['user-agent'],
    token: onlyOf([auth.token ?? undefined, bearerToken(headers.authorization)]),
    session_id: auth.session_id,
    resume_ticket: auth.resume_ticket ?? undefined,
    lastSequence: () => demandPosition(auth.last_sequence ?? undefined),
    seat: () => demandSeat(auth.seat ?? undefined),
  };
}

/** The path as it was sent, without the query, which may hold a token. */
export function pathOf(req: IncomingMessage): string {
  return req.url!.split('?')[0]!;
}

/** Browsers set no header on a WebSocket: there it is said beside the token. */
function fingerprintOf({ 'x-browser-fingerprint': header }: IncomingHttpHeaders, given: unknown): string {
  if (header !== undefined) return [header].flat().join();
  return typeof given === 'string' ? given : '';
}

/** `Authorization: Bearer <token>` */
function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/** What is given in two ways is not taken in either: a proxy in front may have judged by the other. */
function onlyOf(values: unknown[]): unknown {
  const given = values.filter((value) => value !== undefined);
  return given.length > 1 ? given : given[0];
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function numberIn(text: unknown): unknown {
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text;
}

/** @throws {Problem} 422 */
function demandPosition(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return given;
  throw malformed('last_sequence', 'must be a whole number, 0 or more');
}

/** @throws {Problem} 422 */
function demandSeat(given: unknown = true): boolean {
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw malformed('seat', 'must be true or false');
}

function malformed(name: string, detail: string): Problem {
  return new Problem('validation_failed', undefined, { errors: [{ pointer: `/${name}`, detail }] });
}
