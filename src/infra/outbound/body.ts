/** The body of an answer as text, and never more of it than can be held: what is counted is what a packed body unpacks to. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { OutboundError } from '../../core/definitions/outbound.ts';

/** @throws OutboundError `too_large` or `unreadable` */
export async function readBody(body: Readable, encoding: string | undefined, most_bytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  async function collect(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of source) {
      length += piece.length;
      if (length > most_bytes) return;
      pieces.push(piece);
    }
  }
  try {
    if (isIdentity(encoding)) await pipeline(body, collect);
    else if (/^(x-)?gzip$/i.test(encoding!.trim())) await pipeline(body, createGunzip(), collect);
    else throw new OutboundError('unreadable', { place: 'content-encoding' });
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw new OutboundError('unreadable', { place: 'gzip' });
    // What is left unread ends with a fault of its own.
    if (length <= most_bytes) throw fault;
  }
  if (length > most_bytes) throw new OutboundError('too_large');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new OutboundError('unreadable', { place: 'utf-8' });
  }
}

function isIdentity(encoding: string | undefined): boolean {
  return encoding === undefined || encoding.trim() === '' || encoding.trim().toLowerCase() === 'identity';
}
