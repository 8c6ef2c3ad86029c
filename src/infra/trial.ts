/**
 * The code that `plearoll start` prints on a terminal for the first look round: good once and for ten minutes, for a token of two
 * hours of an institution of its own. It is offered only where nobody but this machine can ask, and never in production.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { isLoopback } from './loopback.ts';
import type { Config } from './process/config.ts';

const CODE_BYTES = 16;
const CODE_LIVES_MS = 10 * 60_000;
const TOKEN_LIVES_SECONDS = 2 * 3_600;

export interface Redeemed {
  token: string;
  institution_id: string;
  user_id: string;
  expires_at: string;
}

export interface Trial {
  code: string;
  /** Undefined for what is not the code, or no more. */
  redeem(code: string): Redeemed | undefined;
}

export function offersTrial({ NODE_ENV, PUBLIC_URL, HOST, JWT_PUBLIC_KEY }: Config, isTerminal: boolean): boolean {
  const isPrivate = PUBLIC_URL === undefined && isLoopback(HOST);
  // With a public key tokens are another's to sign.
  return isTerminal && NODE_ENV !== 'production' && isPrivate && JWT_PUBLIC_KEY === undefined;
}

/** @param sign makes a token of claims. @param now by a clock that only goes on */
export function createTrial(sign: (claims: object) => string, now = () => performance.now()): Trial {
  const code = randomBytes(CODE_BYTES).toString('base64url');
  const made_at = now();
  let isUsed = false;
  return {
    code,
    redeem(given) {
      if (isUsed || now() - made_at > CODE_LIVES_MS || !areSame(given, code)) return undefined;
      isUsed = true;
      const [institution_id, user_id] = [randomUUID(), randomUUID()];
      const exp = Math.floor(Date.now() / 1_000) + TOKEN_LIVES_SECONDS;
      const token = sign({ sub: user_id, role: 'admin', name: 'Clerk', institution_id, exp });
      return { token, institution_id, user_id, expires_at: new Date(exp * 1_000).toISOString() };
    },
  };
}

function areSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
