/** A bundle on this disk: a zip, or the folder that it was unpacked into. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleSource, UnreadableBundle } from '../verifier/source.ts';
import { openZip } from '../verifier/zip.ts';

const PIECE_BYTES = 262_144;

/** @throws {UnreadableBundle}, or what the file system says */
export async function openBundle(path: string): Promise<{ source: BundleSource; close(): Promise<void> }> {
  if ((await stat(path)).isDirectory()) return { source: await openFolder(path), close: async () => {} };
  const handle = await open(path, 'r');
  const close = () => handle.close();
  try {
    const { size } = await handle.stat();
    return { source: await openZip({ size, read: (offset, length) => readPart(handle, offset, length) }), close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

async function openFolder(path: string): Promise<BundleSource> {
  const found = await readdir(path, { recursive: true, withFileTypes: true });
  const files = new Map(
    found
      .filter((one) => !one.isDirectory())
      .map((one) => {
        const full = join(one.parentPath, one.name);
        return [full.slice(join(path, '/').length).replaceAll('\\', '/'), full];
      }),
  );
  return {
    names: () => [...files.keys()],
    open: (name) => {
      const file = files.get(name);
      return file === undefined ? undefined : createReadStream(file, { highWaterMark: PIECE_BYTES });
    },
  };
}

async function readPart(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) throw new UnreadableBundle('it is cut off');
    read += bytesRead;
  }
  return bytes;
}
