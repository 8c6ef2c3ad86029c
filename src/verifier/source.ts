/** Where a bundle's files come from: a zip or a folder, on a disk, in a browser or in memory. */

export interface BundleSource {
  /** Names of all files in it, with `/` between folder and file. */
  names(): readonly string[];
  /** The pieces of a file, from its first byte, each good until the next is asked for; undefined where there is no such file. */
  open(name: string): AsyncIterable<Uint8Array> | undefined;
}

/** The bundle cannot be read as one: it is cut off, no zip, or larger than anything that is made honestly. */
export class UnreadableBundle extends Error {}

/** It takes all of a text at once, and so knows of no text before. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** All of a small file as text. @throws {UnreadableBundle} where it is longer, or no UTF-8 */
export async function readText(source: BundleSource, name: string, most_bytes: number): Promise<string | undefined> {
  const pieces = source.open(name);
  if (!pieces) return undefined;
  const copies: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > most_bytes) throw new UnreadableBundle(`${name} is longer than ${most_bytes} bytes`);
    // A Buffer would give a view.
    copies.push(new Uint8Array(piece));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const copy of copies) {
    bytes.set(copy, at);
    at += copy.length;
  }
  try {
    return strict.decode(bytes);
  } catch {
    throw new UnreadableBundle(`${name} is not UTF-8`);
  }
}
