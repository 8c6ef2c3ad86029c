/** Files kept beside the record, each under the SHA-256 of its bytes. The record names them; nothing else does. */
import type { Readable } from 'node:stream';

/** What is to be read of a file that the record names. */
export interface NamedFile {
  sha256: string;
  size_bytes: number;
}

/** The same as a stream's state names it. */
export interface RecordedFile extends NamedFile {
  /** What it is the file of, in words: `<noun> <id>`. */
  of: string;
}

export interface Blobs {
  /** What is wrong with the file, in words: it is missing, or its bytes are others. Reads all of it, a piece at a time. */
  findFault(file: NamedFile): Promise<string | undefined>;
  /** @throws where there is none */
  open(sha256: string): Promise<Readable>;
}

const FILE_ISSUE = 'File of ';

/** What is wrong with these files, in their order. Each is read and hashed again, one after the other. */
export async function fileIssues(files: readonly RecordedFile[], blobs: Blobs): Promise<string[]> {
  const issues: string[] = [];
  for (const file of files) {
    const fault = await blobs.findFault(file);
    if (fault !== undefined) issues.push(`${FILE_ISSUE}${file.of} ${fault}`);
  }
  return issues;
}

/** Does a finding on a stream speak of a file? No other begins like that. */
export function isFileIssue(issue: string): boolean {
  return issue.startsWith(FILE_ISSUE);
}
