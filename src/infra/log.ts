/** Structured logs, one JSON object a line, to standard error: standard output belongs to what a person asked for. */
import pino from 'pino';

export type Log = pino.Logger;

export function createLog(level: string, process: string): Log {
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['req.headers.authorization', 'token', '*.token', 'client_info', '*.client_info'],
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
