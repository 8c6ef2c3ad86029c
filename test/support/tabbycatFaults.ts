/** What goes wrong with a server, as a switch each. */
import type { ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';

export interface Fault {
  kind: /** 429, with Retry-After where one is named. */
    | 'limit'
    /** 500. */
    | 'fail'
    /** Any other status. */
    | 'status'
    /** Headers come, and the body never ends. */
    | 'hang'
    /** Nothing comes. */
    | 'silence'
    /** The connection is closed instead of an answer. */
    | 'hang_up'
    /** 50 MiB. */
    | 'huge'
    /** 50 MiB in a few kilobytes. */
    | 'bomb'
    /** JSON that stops in the middle. */
    | 'broken'
    | 'redirect'
    /** A list whose next page is itself, or wherever `to` leads. */
    | 'next';
  /** Of the paths that this is found in; all, where none is named. */
  path?: string;
  /** Of requests of this method alone. */
  method?: 'GET' | 'POST';
  /** What was asked for is done, and only its answer goes wrong. */
  isDone?: boolean;
  times?: number;
  status?: number;
  retry_after?: string;
  to?: string;
}

const HUGE_BYTES = 50 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, ' ');

/** The first that is meant, one time fewer. */
export function takeFault(faults: Fault[], path: string, method: string): Fault | undefined {
  const i = faults.findIndex(
    (fault) =>
      (fault.path === undefined || path.includes(fault.path)) &&
      (fault.method === undefined || fault.method === method),
  );
  const fault = faults[i];
  if (fault?.times !== undefined) {
    fault.times -= 1;
    if (fault.times <= 0) faults.splice(i, 1);
  }
  return fault;
}

export function answerWithFault(fault: Fault, url: URL, res: ServerResponse): void {
  const { kind, status = 500, retry_after, to = url.href } = fault;
  const json = { 'content-type': 'application/json' };
  const private_mark = JSON.stringify({ detail: 'secret@example.org' });
  res.on('error', () => {});
  if (kind === 'silence') return;
  if (kind === 'hang_up') return void res.socket?.destroy();
  if (kind === 'limit')
    return void res.writeHead(429, retry_after === undefined ? {} : { 'retry-after': retry_after }).end(private_mark);
  if (kind === 'fail' || kind === 'status')
    return void res
      .writeHead(status, retry_after === undefined ? {} : { 'retry-after': retry_after })
      .end(private_mark);
  if (kind === 'hang') return void res.writeHead(200, json).write('[{"id":');
  if (kind === 'broken') return void res.writeHead(200, json).end('[{"id": 1, "email": "secret@example.org", ');
  if (kind === 'redirect') return void res.writeHead(302, { location: to }).end();
  if (kind === 'next') return void res.writeHead(200, { ...json, link: `<${to}>; rel="next"` }).end('[]');
  if (kind === 'bomb') {
    res.writeHead(200, { ...json, 'content-encoding': 'gzip' });
    const packed = createGzip();
    packed.on('error', () => {}).pipe(res);
    pour(packed, res);
  } else {
    res.writeHead(200, json);
    pour(res, res);
  }
}

/** Writes as fast as is read, until all is written or nobody reads any more. */
function pour(to: NodeJS.WritableStream, res: ServerResponse, left = HUGE_BYTES): void {
  let rest = left;
  while (rest > 0 && !res.destroyed) {
    rest -= PIECE.length;
    if (!to.write(PIECE)) return void to.once('drain', () => pour(to, res, rest));
  }
  to.end();
}
