/** Where a bundle's files come from: a zip or a folder, on a disk, in a browser or in memory. */

export interface BundleSource {
  /** Names of all files in it, with `/` between folder and file. */
  names(): readonly string[];
  /** The pieces of a file, from its first byte, each good until the next is asked for; undefined where there is no such file. */
  open(name: string): AsyncIterable<Uint8Array> | undefined;
}

/** The bundle cannot be read as one: it is cut off, no zip, or larger than anything that is made honestly. */
export class UnreadableBundle extends Error {}

/** All of a small file as text. @throws {UnreadableBundle} where it is longer, or no UTF-8 */
export async function readText(source: BundleSource, name: string, most_bytes: number): Promise<string | undefined> {
  const pieces = source.open(name);
  if (!pieces) return undefined;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > most_bytes) throw new UnreadableBundle(`${name} is longer than ${most_bytes} bytes`);
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  } catch (fault) {
    throw fault instanceof TypeError ? new UnreadableBundle(`${name} is not UTF-8`) : fault;
  }
}
