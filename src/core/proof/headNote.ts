/** The text of a signed head: at which event a stream stood, for those who were there and keep it. */
import { NoteFault } from './note.ts';

export interface HeadNote {
  stream: string;
  sequence: number;
  event_hash: string;
  /** RFC 3339, UTC, milliseconds: when it was said. */
  at: string;
}

export function headText({ stream, sequence, event_hash, at }: HeadNote): string {
  return `plearoll.head/1\n${stream}\n${sequence}\n${event_hash}\n${at}\n`;
}

const TEXT =
  /^plearoll\.head\/1\n([a-z]+:[a-z0-9-]{1,60})\n(0|[1-9]\d{0,15})\n([0-9a-f]{64})\n(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/;

/** @param text of a note. @throws {NoteFault} malformed */
export function parseHeadText(text: string): HeadNote {
  const [, stream, digits, event_hash, at] = TEXT.exec(text) ?? [];
  const sequence = Number(digits);
  if (stream === undefined || !Number.isSafeInteger(sequence))
    throw new NoteFault('malformed', 'not the text of a head');
  return { stream, sequence, event_hash: event_hash!, at: at! };
}
