/** The files of a bundle: each is under the hash that an event names, and there is none that no event names. */
import { startSha256 } from '../core/chain/sha256.ts';
import type { EventLine } from './envelopes.ts';
import { count, type Tally } from './report.ts';
import type { BundleSource } from './source.ts';

const EXHIBITS = 'exhibits/';

/** A file that an event names. */
export interface NamedFile {
  sha256: string;
  size_bytes: number;
  stream: string;
  event_sequence: number;
}

/** The file that the event's payload names, where it names one. */
export function fileOf({ type, stream, sequence }: EventLine, payload: string): NamedFile | undefined {
  if (type !== 'EXHIBIT_UPLOADED') return undefined;
  try {
    const { sha256, size_bytes } = JSON.parse(payload);
    return { sha256, size_bytes, stream, event_sequence: sequence };
  } catch {
    return undefined;
  }
}

/**
 * A bundle for readers without a token has no files at all, which is said and is no finding; one that has some has all.
 * @param hasErased whether a payload was erased: a file whose name is gone is not one that nobody named
 */
export async function judgeFiles(
  source: BundleSource,
  named: readonly NamedFile[],
  hasErased: boolean,
  tally: Tally,
): Promise<void> {
  const present = new Set(source.names().filter((name) => name.startsWith(EXHIBITS)));
  if (present.size === 0 && named.length > 0) {
    tally.notes.push(`The files of ${named.length} exhibits are not included.`);
    return;
  }
  const judged = new Set<string>();
  for (const file of named) {
    const name = `${EXHIBITS}${file.sha256}`;
    if (!judged.has(name)) await judgeFile(source, name, file, tally);
    judged.add(name);
  }
  for (const name of present) {
    if (!judged.has(name) && !hasErased) tally.find('exhibit_unexpected', { got: name });
  }
}

async function judgeFile(source: BundleSource, name: string, file: NamedFile, tally: Tally): Promise<void> {
  const { stream, event_sequence, sha256, size_bytes } = file;
  const pieces = source.open(name);
  if (!pieces) {
    tally.find('exhibit_missing', { stream, event_sequence, expected: sha256 });
    return;
  }
  const hashing = startSha256();
  let bytes = 0;
  for await (const piece of pieces) {
    hashing.add(piece);
    bytes += piece.length;
  }
  count(tally, 'exhibits');
  const got = hashing.digest();
  if (got === sha256 && bytes === size_bytes) return;
  const expected = `${sha256} of ${size_bytes} bytes`;
  tally.find('exhibit', { stream, event_sequence, expected, got: `${got} of ${bytes} bytes` });
}
