/** The payloads' lines, taken in step with the events: each once, none twice, and none for an event that is not there. */
import type { Lines } from './lines.ts';
import { type PayloadLine, readPayloadLine } from './payloads.ts';
import type { Tally } from './report.ts';

export interface PayloadLines {
  /** The line of that event. Undefined where there is none, or none that can be read, which has been told of. */
  of(sequence: number): Promise<PayloadLine | undefined> | PayloadLine | undefined;
  /** Whether a line was read that is of an event which has not come yet. */
  isAhead(): boolean;
  /** No event is left: neither should there be a payload. */
  end(): Promise<void>;
}

export function payloadLinesOf(lines: Lines, stream: () => string | null, tally: Tally): PayloadLines {
  /** Of an event that has not come yet. */
  let ahead: PayloadLine | undefined;

  const found = (check: 'payload' | 'payload_missing' | 'payload_unexpected', event_sequence: number, got?: string) =>
    tally.find(check, { stream: stream(), event_sequence, got: got ?? null });

  /** @returns whether enough was at hand to tell */
  function judge(sequence: number): { line: PayloadLine | undefined } | undefined {
    for (;;) {
      if (ahead && ahead.sequence >= sequence) return { line: take(sequence) };
      if (ahead) found('payload_unexpected', ahead.sequence);
      ahead = undefined;
      const text = lines.take();
      if (text === undefined) return undefined;
      ahead = readPayloadLine(text);
      if (ahead) continue;
      // Where it stands says whose it is.
      found('payload', sequence, text);
      return { line: undefined };
    }
  }

  function take(sequence: number): PayloadLine | undefined {
    if (ahead!.sequence > sequence) {
      found('payload_missing', sequence);
      return undefined;
    }
    const line = ahead;
    ahead = undefined;
    return line;
  }

  async function readFor(sequence: number): Promise<PayloadLine | undefined> {
    while (await lines.more()) {
      const judged = judge(sequence);
      if (judged) return judged.line;
    }
    found('payload_missing', sequence);
    return undefined;
  }

  function of(sequence: number): Promise<PayloadLine | undefined> | PayloadLine | undefined {
    const judged = judge(sequence);
    return judged ? judged.line : readFor(sequence);
  }

  async function end(): Promise<void> {
    if (ahead) found('payload_unexpected', ahead.sequence);
    while (await lines.more()) {
      const line = readPayloadLine(lines.take()!);
      tally.find('payload_unexpected', { stream: stream(), event_sequence: line?.sequence ?? null });
    }
  }

  return { of, isAhead: () => ahead !== undefined, end };
}
