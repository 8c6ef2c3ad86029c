/**
 * Structured logs, one JSON object a line (on a terminal, a line for people), to standard error: standard output belongs to what a person asked for.
 * Every line is redacted as a whole just before it is written, whatever was logged and by whom; a fault that is told
 * over and over, as in an outage, is told now and then, with how often it was not.
 */
import { createRequire } from 'node:module';
import pino from 'pino';
import type { PinoPretty } from 'pino-pretty';
import { createRedact, maskText, type Redact } from './redaction.ts';
import { createRepeats } from './repeats.ts';

export type Log = pino.Logger;

const isTerminal = process.stderr.isTTY === true;
const WARN = pino.levels.values.warn!;

export interface LogParts {
  /** Of our own stores: the one kind of address that may be read. */
  places?: readonly string[];
  /** Names of fields whose values are omitted, beside those that always are. */
  privateNames?: readonly string[];
}

export function createLog(level: string, process: string, { places = [], privateNames = [] }: LogParts = {}): Log {
  const redact = createRedact(privateNames);
  const repeats = createRepeats();
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        streamWrite(line) {
          const redacted = redactLine(line, redact, places);
          return isTerminal ? withoutControls(redacted) : redacted;
        },
        logMethod(args, method, severity) {
          const [what, text] = args as unknown as [unknown, string | undefined];
          if (severity < WARN || !isFault(what)) return method.apply(this, args);
          const repeated = repeats.tell(keyOf(what, text));
          if (repeated === undefined) return;
          method.apply(this, (repeated === 0 ? args : [{ ...what, repeated }, text]) as typeof args);
        },
      },
    },
    standardError(),
  );
}

/** A terminal obeys control characters, whoever wrote them into what a fault says; JSON has them escaped. */
export function withoutControls(line: string): string {
  return `${line.trimEnd().replace(/\\u00[01][0-9a-f]|\p{Cc}/giu, '?')}\n`;
}

/** JSON for programs; on a terminal, for people. What pino prints is loaded only there. */
function standardError(): pino.DestinationStream {
  if (!isTerminal) return pino.destination({ dest: 2, sync: false });
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  return pretty({
    destination: 2,
    sync: true,
    colorize: process.env.NO_COLOR === undefined,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'process,request_id',
  });
}

/** @param line JSON, as pino made it */
export function redactLine(line: string, redact: Redact, places: readonly string[] = []): string {
  const mask = maskBut(places);
  try {
    return `${JSON.stringify(redact(JSON.parse(line), mask))}\n`;
  } catch {
    return mask(line);
  }
}

function maskBut(places: readonly string[]): (text: string) => string {
  if (places.length === 0) return maskText;
  const pattern = new RegExp(`(${places.map((place) => place.replace(/[^\w]/g, '\\$&')).join('|')})`);
  return (text) =>
    places.some((place) => text.includes(place))
      ? text
          .split(pattern)
          .map((part, i) => (i % 2 === 1 ? part : maskText(part)))
          .join('')
      : maskText(text);
}

interface FaultLine extends Record<string, unknown> {
  err: { message?: string; code?: string };
}

function isFault(what: unknown): what is FaultLine {
  return (
    typeof what === 'object' && what !== null && 'err' in what && typeof what.err === 'object' && what.err !== null
  );
}

/** The same fault of another command or request is another line. */
function keyOf({ err, ...rest }: FaultLine, text: string | undefined): string {
  return `${text} ${err.code} ${err.message} ${Object.values(rest).filter(isPlain).join(' ')}`;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}
