/** Asks a witness for its cosignature, as the log's side of `POST /add-checkpoint`. */
import { requestText, type WitnessRequest } from '../../core/proof/witness.ts';
import { timings } from '../timings.ts';

export interface WitnessReply {
  status: number;
  body: string;
  /** What it cosigned last, where the request took it to be elsewhere. */
  size?: number;
}

const MOST_BYTES = 16 * 1024;
const SIZE = /^(0|[1-9]\d{0,14})\n$/;

/** @throws where the witness is away, slow, or says more than there is to say */
export async function addCheckpoint(url: string, request: WitnessRequest): Promise<WitnessReply> {
  const response = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: requestText(request),
    redirect: 'error',
    signal: AbortSignal.timeout(timings.signing.sink_within_ms),
  });
  const { status, headers } = response;
  const body = await readBody(response);
  const isSize = status === 409 && headers.get('content-type') === 'text/x.tlog.size';
  const size = isSize ? SIZE.exec(body)?.[1] : undefined;
  return { status, body, ...(size !== undefined && { size: Number(size) }) };
}

async function readBody({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > MOST_BYTES) throw new Error(`the witness answers more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
