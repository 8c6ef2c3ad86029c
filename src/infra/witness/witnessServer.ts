/** A witness over HTTP: `POST /add-checkpoint`, and nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MOST_REQUEST_BYTES } from '../../core/proof/witness.ts';
import type { Witness } from './witness.ts';

const SIZE_TYPE = 'text/x.tlog.size';
const TEXT = 'text/plain; charset=utf-8';

/** @param fail told of what kept a request from being answered */
export function createWitnessServer(witness: Witness, fail: (error: Error) => void): Server {
  return createServer((req, res) => {
    answer(witness, req, res).catch((error: Error) => {
      fail(error);
      if (!res.headersSent) send(res, 500, TEXT, 'the witness cannot answer\n');
    });
  });
}

async function answer(witness: Witness, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.url !== '/add-checkpoint') return send(res, 404, TEXT, 'this is a witness: POST /add-checkpoint\n');
  if (req.method !== 'POST') return send(res.setHeader('Allow', 'POST'), 405, TEXT, 'POST\n');
  const body = await readBody(req);
  if (body === 'too_large') return send(res.setHeader('Connection', 'close'), 413, TEXT, 'too large\n');
  if (body === undefined) return send(res, 400, TEXT, 'not UTF-8\n');
  const answered = await witness.answer(body);
  if (answered.status === 200) return send(res, 200, TEXT, answered.line);
  const { status, reason, size } = answered;
  if (size === undefined) return send(res, status, TEXT, `${reason}\n`);
  send(res, status, SIZE_TYPE, `${size}\n`);
}

/** @returns undefined where it is no text */
async function readBody(req: IncomingMessage): Promise<string | 'too_large' | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of req as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MOST_REQUEST_BYTES) return 'too_large';
    pieces.push(piece);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch {
    return undefined;
  }
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
}
