/** Reads the text of an archive piece by piece: a line, or the rows of a table, with a checksum of all read so far. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

export class ArchiveError extends Error {}

/** Ends the rows of a table; COPY writes no row like it. */
export const END = Buffer.from('\n\\.\n');
export const LINE_END = 0x0a;
export const CHUNK_BYTES = 262_144;

const MAX_LINE_BYTES = 1_000_000;

export function openArchive(file: string) {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong with the file comes out of the iteration, too.
  pipeline(createReadStream(file), gunzip).catch(() => {});
  const chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const hash = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);

  async function next(): Promise<Buffer | undefined> {
    const { value, done } = await chunks.next().catch((fault: NodeJS.ErrnoException) => {
      throw fault.code?.startsWith('Z_')
        ? new ArchiveError(`The file is damaged or cut off: ${fault.message}.`)
        : fault;
    });
    return done ? undefined : value;
  }

  async function more(): Promise<void> {
    const chunk = await next();
    if (!chunk) throw new ArchiveError('The file is cut off.');
    held = Buffer.concat([held, chunk]);
  }

  /** The last bytes of the file are gzip's own checksum. */
  async function end(): Promise<void> {
    if (held.length > 0 || (await next())) throw new ArchiveError('The file was altered: something follows its end.');
  }

  function consume(bytes: number): Buffer {
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    hash.update(taken);
    return taken;
  }

  async function line(): Promise<string> {
    while (!held.includes(LINE_END)) {
      if (held.length > MAX_LINE_BYTES) throw new ArchiveError('This is no backup of Plearoll.');
      await more();
    }
    return consume(held.indexOf(LINE_END) + 1).toString();
  }

  async function* rows(): AsyncGenerator<Buffer> {
    for (;;) {
      if (held.subarray(0, 3).equals(END.subarray(1))) break;
      const end = held.indexOf(END);
      const whole = (end < 0 ? held.lastIndexOf(LINE_END) : end) + 1;
      if (whole > 0) yield consume(whole);
      else await more();
    }
    consume(3);
  }

  return { line, rows, end, digest: () => hash.copy().digest('hex'), close: () => void gunzip.destroy() };
}
