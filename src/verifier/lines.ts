/** The lines of a file one by one, as many at a time as a piece of it holds: what is in memory does not grow with the file. */
import { type BundleSource, UnreadableBundle } from './source.ts';

export interface Lines {
  /** The next line, where one is at hand; else undefined, and `more` says whether there is another. */
  take(): string | undefined;
  /** Reads on. @returns false at the end */
  more(): Promise<boolean>;
}

/** Payloads are at most a command's 64 KiB, and JSON in JSON may take several bytes for one. */
const MAX_LINE_BYTES = 1_048_576;
const NEWLINE = 0x0a;
const EMPTY = new Uint8Array();

/** A file that is not there has no lines. The last line need not end. */
export function linesOf(source: BundleSource, name: string): Lines {
  const pieces = source.open(name)?.[Symbol.asyncIterator]();
  let ready: string[] = [];
  let at = 0;
  let rest: Uint8Array = EMPTY;
  let isOver = pieces === undefined;

  async function more(): Promise<boolean> {
    while (at === ready.length && !isOver) {
      const piece = await pieces!.next();
      isOver = piece.done === true;
      const bytes = piece.done ? rest : joined(rest, piece.value);
      const end = isOver ? bytes.length : bytes.lastIndexOf(NEWLINE);
      rest = bytes.subarray(end + 1);
      if (rest.length > MAX_LINE_BYTES) throw new UnreadableBundle(`${name} has a line over ${MAX_LINE_BYTES} bytes`);
      ready = end <= 0 ? [] : decodedLines(bytes.subarray(0, end));
      at = 0;
    }
    return at < ready.length;
  }

  return { take: () => (at < ready.length ? ready[at++] : undefined), more };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

function decodedLines(bytes: Uint8Array): string[] {
  try {
    return strict.decode(bytes).split('\n');
  } catch {
    return linesApart(bytes).map(decodedLine);
  }
}

function linesApart(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return [...lines, bytes.subarray(from)];
}

/** A line that is not UTF-8 gets an end that no line has: it is never taken for the one whose bytes it resembles. */
function decodedLine(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return `${lenient.decode(bytes)}\uFFFD`;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
