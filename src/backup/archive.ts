/**
 * The file of a backup, gzip over text: a line of JSON that says what follows, then each table's rows as COPY writes
 * them, ended by `\.`, then a line of JSON with the counts and the SHA-256 of all before it. A file that was cut off or
 * altered is known by that line, and never has its final name before it is whole.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ArchiveError, CHUNK_BYTES, END, LINE_END, openArchive } from './openArchive.ts';
import type { Table } from './tables.ts';

export interface Header {
  format: typeof FORMAT;
  /** When the snapshot was taken, by the database's clock. RFC 3339. */
  taken_at: string;
  /** The schema that the rows are of. */
  migrations: string[];
  tables: Table[];
}

/** Rows by table. */
export type Counts = Record<string, number>;

interface Trailer {
  rows: Counts;
  sha256: string;
}

const FORMAT = 'plearoll.backup/1';

/**
 * @param expected how many rows there must be, of the tables of which it is known
 * @throws when the file exists or rows are missing; nothing is left of one that could not be finished
 */
export async function writeArchive(
  file: string,
  { taken_at, migrations, tables, expected }: Omit<Header, 'format'> & { expected: Counts },
  rowsOf: (table: Table) => AsyncIterable<Buffer>,
): Promise<Counts> {
  if (existsSync(file)) throw new Error(`${file} is there already.`);
  const hash = createHash('sha256');
  const counts: Counts = {};
  async function* content() {
    const text = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`);
    const hashed = (chunk: Buffer) => {
      hash.update(chunk);
      return chunk;
    };
    yield hashed(text({ format: FORMAT, taken_at, migrations, tables } satisfies Header));
    for (const table of tables) {
      counts[table.name] = 0;
      for await (const chunk of rowsOf(table)) {
        counts[table.name]! += linesIn(chunk);
        yield hashed(chunk);
      }
      demandAll(table.name, counts[table.name]!, expected[table.name]);
      yield hashed(END.subarray(1));
    }
    yield text({ rows: counts, sha256: hash.digest('hex') } satisfies Trailer);
  }
  const draft = `${file}.${process.pid}.partial`;
  try {
    await pipeline(
      content,
      createGzip({ chunkSize: CHUNK_BYTES }),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    );
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return counts;
}

function demandAll(table: string, found: number, expected = found): void {
  if (found === expected) return;
  throw new Error(
    `This login sees ${found} of the ${expected} rows of ${table}; it has to inherit from the worker's role.`,
  );
}

/**
 * Reads the file once, from its beginning to its end.
 * @param take gets each table's rows, whole ones to a chunk, and answers how many there were
 * @throws {ArchiveError} where it is not whole; by then `take` may have seen all of it
 */
export async function readArchive(
  file: string,
  begin: (header: Header) => Promise<void>,
  take: (table: Table, rows: AsyncIterable<Buffer>) => Promise<number>,
): Promise<Counts> {
  const text = openArchive(file);
  try {
    const header = parse<Header>(await text.line());
    if (header.format !== FORMAT) throw new ArchiveError(`This is no backup of Plearoll: ${file}`);
    await begin(header);
    const counts: Counts = {};
    for (const table of header.tables) counts[table.name] = await take(table, text.rows());
    const sha256 = text.digest();
    const trailer = parse<Trailer>(await text.line());
    if (trailer.sha256 !== sha256) throw new ArchiveError('The file was altered: its checksum does not fit.');
    if (JSON.stringify(trailer.rows) !== JSON.stringify(counts)) throw new ArchiveError('The file lacks rows.');
    await text.end();
    return counts;
  } finally {
    text.close();
  }
}

/** Reads all of it, changes nothing. @throws {ArchiveError} where it is not whole */
export async function checkArchive(file: string): Promise<Header> {
  let header: Header | undefined;
  const keep = async (found: Header) => {
    header = found;
  };
  await readArchive(file, keep, async (_, rows) => {
    let count = 0;
    for await (const chunk of rows) count += linesIn(chunk);
    return count;
  });
  return header!;
}

function linesIn(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) count += 1;
  return count;
}

function parse<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch {
    throw new ArchiveError('The file was altered, or is no backup of Plearoll.');
  }
}
