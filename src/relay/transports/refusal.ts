/**
 * How a refusal is told: as an HTTP answer before the upgrade, or, to a browser, which is not shown that, by a
 * connection that is closed again with a code.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ProblemBody, problemBody } from '../../core/definitions/problem.ts';
import { asProblem, explained } from '../../infra/asProblem.ts';
import { requestIdOf } from '../../infra/process/requestId.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { CLOSE, type CloseCode } from '../listeners/messages.ts';
import { pathOf } from './request.ts';

export interface Refusal {
  body: ProblemBody;
  headers: Record<string, string>;
}

export const NOWHERE: Refusal = {
  body: problemBody('not_found', 'There is nothing to upgrade to at this path.'),
  headers: {},
};
const MAX_INSTANCE = 200;
const CLOSE_CODES: Record<number, CloseCode> = {
  401: CLOSE.token,
  403: CLOSE.origin,
  404: CLOSE.scope,
  /** A gallery that is off. */
  409: CLOSE.origin,
  422: CLOSE.position,
  429: CLOSE.limit,
  503: CLOSE.draining,
};

/** What a failed admission is answered. While a store is away refusals come by the thousand: its absence is logged, they are not. */
export function refusalOf(error: unknown, log: Log): Refusal {
  const refusal = asProblem(error);
  if (refusal.body.code === 'internal_error') log.error({ err: error }, 'admission failed');
  return refusal;
}

export function closeCodeOf({ body }: Refusal): CloseCode {
  return CLOSE_CODES[body.status] ?? CLOSE.fault;
}

/** The body of an HTTP answer. @param public_url of the pages that explain codes, where the public has an address */
export function textOfRefusal(req: IncomingMessage, { body }: Refusal, public_url: string | undefined): string {
  const problem = explained(body, public_url);
  return JSON.stringify({ ...problem, instance: pathOf(req).slice(0, MAX_INSTANCE), request_id: requestIdOf(req) });
}

/** Answers an upgrade with a problem instead. The socket is raw by now: the answer is written by hand. */
export function rejectUpgrade(req: IncomingMessage, socket: Duplex, refusal: Refusal, public_url?: string): void {
  const { status } = refusal.body;
  const text = textOfRefusal(req, refusal, public_url);
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(text)),
    'Cache-Control': 'no-store',
    ...refusal.headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
}
