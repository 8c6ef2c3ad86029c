/** Files kept beside the record, each under the SHA-256 of its bytes. The record names them; nothing else does. */
import type { Readable } from 'node:stream';

/** What is to be read of a file that the record names. */
export interface NamedFile {
  sha256: string;
  size_bytes: number;
}

export interface Blobs {
  /** What is wrong with the file, in words: it is missing, or its bytes are others. Reads all of it, a piece at a time. */
  findFault(file: NamedFile): Promise<string | undefined>;
  /** @throws where there is none */
  open(sha256: string): Promise<Readable>;
}
