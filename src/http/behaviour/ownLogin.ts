/** The login session of a request that came in with a good token: as the token itself names it. */
import type { Request } from 'express';
import { loginIdOf } from '../../core/loginId.ts';

/** To be asked only after the token was verified: nothing is verified here. */
export function ownLoginOf({ headers }: Pick<Request, 'headers'>): string {
  const token = (headers.authorization ?? '').replace(/^Bearer +/i, '').trim();
  const { iss = '', sid, jti } = claimsOf(token);
  return loginIdOf({ sid, jti, token }, iss);
}

type Named = Partial<Record<'iss' | 'sid' | 'jti', string>>;

function claimsOf(token: string): Named {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const named = Object.entries(claims as object).filter(([, value]) => typeof value === 'string');
    return Object.fromEntries(named) as Named;
  } catch {
    return {};
  }
}
