/** The lines of a file one by one, as many at a time as a piece of it holds: what is in memory does not grow with the file. */
import { type BundleSource, UnreadableBundle } from './source.ts';

export interface Lines {
  /** The next line, where one is at hand; else undefined, and `more` says whether there is another. */
  take(): string | undefined;
  /** Reads on. @returns false at the end */
  more(): Promise<boolean>;
  /** The bytes at hand, good until `more`, and the reader's own: the byte before a line that is taken may be overwritten. */
  bytes(): Uint8Array;
  /** Where among them the next line begins; each ends in a newline. */
  at(): number;
  /** Where the last of the lines at hand has ended. */
  end(): number;
  /** Lines were taken out of the bytes: the next begins there. */
  moveTo(at: number): void;
}

/** Payloads are at most a command's 64 KiB, and JSON in JSON may take several bytes for one. */
const MAX_LINE_BYTES = 1_048_576;
export const NEWLINE = 0x0a;
const EMPTY = new Uint8Array();
/** There is a byte before every line, the first one too. */
const FIRST = 1;
/** For what is left of a piece when the next comes. */
const SPARE_BYTES = 16_384;

/** A file that is not there has no lines. The last line need not end. */
export function linesOf(source: BundleSource, name: string): Lines {
  const pieces = source.open(name)?.[Symbol.asyncIterator]();
  let bytes = new Uint8Array(FIRST);
  let at = FIRST;
  let end = FIRST;
  let filled = FIRST;
  let isOver = pieces === undefined;

  async function more(): Promise<boolean> {
    while (at === end && !isOver) {
      const piece = await pieces!.next();
      isOver = piece.done === true;
      fill(piece.done ? EMPTY : piece.value);
      if (filled - end > MAX_LINE_BYTES) {
        throw new UnreadableBundle(`${name} has a line over ${MAX_LINE_BYTES} bytes`);
      }
    }
    return at < end;
  }

  /** Behind what is left of the piece before, the line that it broke off in. */
  function fill(piece: Uint8Array): void {
    const rest = bytes.subarray(end, filled);
    filled = FIRST + rest.length + piece.length;
    if (filled + 1 > bytes.length) bytes = new Uint8Array(filled + SPARE_BYTES);
    bytes.set(rest, FIRST);
    bytes.set(piece, FIRST + rest.length);
    if (isOver && rest.length > 0) bytes[filled++] = NEWLINE;
    const last = bytes.subarray(FIRST + rest.length, filled).lastIndexOf(NEWLINE);
    at = FIRST;
    end = last < 0 ? FIRST : FIRST + rest.length + last + 1;
  }

  function take(): string | undefined {
    if (at === end) return undefined;
    const from = at;
    at = bytes.indexOf(NEWLINE, from) + 1;
    return textOf(bytes.subarray(from, at - 1));
  }

  function moveTo(next: number): void {
    at = next;
  }

  return { take, more, bytes: () => bytes, at: () => at, end: () => end, moveTo };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** A line that is not UTF-8 gets an end that no line has: it is never taken for the one whose bytes it resembles. */
function textOf(line: Uint8Array): string {
  try {
    return strict.decode(line);
  } catch {
    return `${lenient.decode(line)}\uFFFD`;
  }
}
