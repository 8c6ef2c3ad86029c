/**
 * Structured logs, one JSON object a line, to standard error: standard output belongs to what a person asked for.
 * Every line is redacted as a whole just before it is written, whatever was logged and by whom.
 */
import pino from 'pino';
import { maskText, redact } from './redaction.ts';

export type Log = pino.Logger;

export function createLog(level: string, process: string): Log {
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: redactLine },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** @param line JSON, as pino made it */
export function redactLine(line: string): string {
  try {
    return `${JSON.stringify(redact(JSON.parse(line)))}\n`;
  } catch {
    return maskText(line);
  }
}
