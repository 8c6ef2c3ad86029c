/**
 * Server-sent events: `GET /live/sse/<session_id>`, each message an event named by its type; only that of an EVENT has
 * an id, its sequence, with which a browser comes back. A refusal is an HTTP answer. The client says nothing.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../../core/definitions/problem.ts';
import { isAmbiguous, SEND_ONE_HOST } from '../../infra/process/requestId.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Admit, Admitted } from '../listeners/admission.ts';
import type { Listeners } from '../listeners/listeners.ts';
import type { IsLetIn } from '../listeners/origins.ts';
import { FrameWriter } from './readyFrames.ts';
import { type Refusal, refusalOf, textOfRefusal } from './refusal.ts';
import { type RealAddress, requestOfUrl } from './request.ts';

export interface EventStreams {
  serve(req: IncomingMessage, res: ServerResponse, session_id: string): Promise<void>;
  /** Cuts the streams that are still open. */
  close(): void;
}

export interface EventStreamsOptions {
  admit: Admit;
  listeners: Listeners;
  isLetIn: IsLetIn;
  realAddress: RealAddress;
  /** Where the public finds the pages that explain refusals. */
  public_url?: string | undefined;
  log: Log;
  heartbeat_ms?: number;
}

/** Proxies end a connection on which nothing comes for a minute, some after half of that. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ':\n\n';
/** After how long a browser comes back whose stream has ended: not all at once. */
const RETRY_MS = { least: 1_000, most: 5_000 };
const END_WITHIN_MS = 2_000;
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  // A browser that is sent away comes back on another connection, elsewhere.
  Connection: 'close',
};
const PREFLIGHT = { 'Access-Control-Allow-Headers': 'Authorization, Last-Event-ID', 'Access-Control-Max-Age': '600' };

export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { admit, listeners, isLetIn, realAddress, public_url, log, heartbeat_ms = HEARTBEAT_MS } = options;
  const open = new Set<ServerResponse>();
  const heart = setInterval(beat, heartbeat_ms).unref();

  async function serve(req: IncomingMessage, res: ServerResponse, session_id: string): Promise<void> {
    res.on('error', (err) => log.debug({ err }, 'an event stream failed'));
    allowOrigin(req, res);
    if (req.method === 'OPTIONS') return void res.writeHead(204, { ...PREFLIGHT, Allow: 'GET' }).end();
    const outcome = await admitted(req, session_id).catch((error) => refusalOf(error, log));
    if (res.destroyed) return;
    if ('identity' in outcome) stream(res, outcome);
    else refuse(req, res, outcome);
  }

  /** Anonymous: no page may send cookies along. */
  function allowOrigin({ headers: { origin, host } }: IncomingMessage, res: ServerResponse): void {
    res.setHeader('Vary', 'Origin');
    if (origin === undefined || !isLetIn(origin, host)) return;
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Expose-Headers', 'Retry-After');
  }

  async function admitted(req: IncomingMessage, session_id: string): Promise<Admitted> {
    if (isAmbiguous(req)) throw new Problem('bad_request', SEND_ONE_HOST.detail, {}, { Connection: 'close' });
    if (req.method !== 'GET') throw new Problem('method_not_allowed', 'Use GET.', {}, { Allow: 'GET' });
    return admit(requestOfUrl('sse', req, session_id, realAddress));
  }

  function refuse(req: IncomingMessage, res: ServerResponse, refusal: Refusal): void {
    const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...refusal.headers };
    res.writeHead(refusal.body.status, headers).end(textOfRefusal(req, refusal, public_url));
  }

  function stream(res: ServerResponse, visitor: Admitted): void {
    res.writeHead(200, HEADERS);
    const { least, most } = RETRY_MS;
    res.write(`retry: ${Math.round(least + Math.random() * (most - least))}\n\n`);
    open.add(res);
    const writer = new FrameWriter(res, { onTaken: () => visit.onTaken() });
    const visit = listeners.enter('sse', visitor, {
      write: (batch) => writer.write(batch, 'sse'),
      close: () => end(res),
      isOpen: () => !res.writableEnded && !res.destroyed,
    });
    res.on('close', () => {
      open.delete(res);
      visit.leave();
    });
  }

  /** A stream that has something to write needs none. */
  function beat(): void {
    for (const res of open) if (!res.writableEnded && res.writableLength === 0) res.write(HEARTBEAT);
  }

  function close(): void {
    clearInterval(heart);
    for (const res of open) res.destroy();
  }

  return { serve, close };
}

/** A peer that does not read is cut off. */
function end(res: ServerResponse): void {
  res.end();
  setTimeout(() => res.destroy(), END_WITHIN_MS).unref();
}
