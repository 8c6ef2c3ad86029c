/** What every HTTP server of ours asks of a request before it looks at its path. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { problemBody } from '../../core/definitions/problem.ts';

const REQUEST_ID = /^[\w-]{1,64}$/;

/** The problem of an ambiguous request; its connection ends with it. */
export const SEND_ONE_HOST = problemBody('bad_request', 'Send one Host, and the version of HTTP.');

/** The client's own, where it is fit to be logged. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Which of two hosts was meant nobody can tell, and what has no version has no headers: a proxy may see another request. */
export function isAmbiguous({ rawHeaders, httpVersionMajor }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === 'host') hosts += 1;
  return hosts > 1 || httpVersionMajor < 1;
}
