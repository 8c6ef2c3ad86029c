/** Where a request comes from, as login sessions are told apart. */
import type { Request } from 'express';
import type { Whereabouts } from '../../infra/loginRecorder.ts';

export function whereaboutsOf({ headers, ip: address }: Request): Whereabouts {
  const { 'user-agent': user_agent, 'x-browser-fingerprint': fingerprint = '' } = headers;
  return { user_agent, fingerprint: [fingerprint].flat().join(), address };
}
