/** What a client asks for, as each transport carries it: in a URL's query and headers, or in socket.io's `auth`. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { Problem } from '../../core/definitions/problem.ts';
import type { Request, Transport } from '../listeners/admission.ts';

export function requestOfUrl(
  transport: Exclude<Transport, 'socketio'>,
  req: IncomingMessage,
  session_id: string,
): Request {
  const query = new URLSearchParams(req.url!.slice(pathOf(req).length));
  return {
    transport,
    address: req.socket.remoteAddress ?? '',
    origin: req.headers.origin,
    token: query.get('token') ?? bearerToken(req.headers.authorization),
    session_id,
    resume_ticket: query.get('resume_ticket') ?? undefined,
    lastSequence() {
      const text = query.get('last_sequence');
      return text === null ? undefined : demandPosition(/^\d+$/.test(text) ? Number(text) : text);
    },
    seat: () => demandSeat(query.get('seat') ?? true),
  };
}

export function requestOfHandshake({ auth, headers, address }: Socket['handshake']): Request {
  const { token, session_id, last_sequence, resume_ticket, seat } = auth;
  return {
    transport: 'socketio',
    address,
    origin: headers.origin,
    token: token ?? bearerToken(headers.authorization),
    session_id,
    resume_ticket: resume_ticket ?? undefined,
    lastSequence: () =>
      last_sequence === undefined || last_sequence === null ? undefined : demandPosition(last_sequence),
    seat: () => demandSeat(seat ?? true),
  };
}

/** The path as it was sent, without the query, which may hold a token. */
export function pathOf(req: IncomingMessage): string {
  return req.url!.split('?')[0]!;
}

/** `Authorization: Bearer <token>` */
function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/** @throws {Problem} 422 */
function demandPosition(given: unknown): number {
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return given;
  throw malformed('last_sequence', 'must be a whole number, 0 or more');
}

/** @throws {Problem} 422 */
function demandSeat(given: unknown): boolean {
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw malformed('seat', 'must be true or false');
}

function malformed(name: string, detail: string): Problem {
  return new Problem('validation_failed', undefined, { errors: [{ pointer: `/${name}`, detail }] });
}
