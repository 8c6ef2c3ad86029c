/**
 * The first step of the door: a command without a good token is shown to the guard before anything else is asked. A
 * command that is known by its Idempotency-Key is answered again, and counts as nothing.
 */
import type { Request } from 'express';
import { Problem } from '../../core/definitions/problem.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Acceptor } from '../commands/acceptance.ts';
import { anonymousScope } from '../commands/anonymousScope.ts';
import { authenticate } from '../door/authentication.ts';
import { readIdempotencyKey } from '../door/preferences.ts';
import type { Guard } from './guard.ts';

interface Guarding {
  guard: Guard;
  tokens: Tokens;
  acceptor: Pick<Acceptor, 'findFingerprint'>;
}

/** @throws {Problem} 429, or 503 */
export async function guardDoor({ guard, tokens, acceptor }: Guarding, req: Request, route: string): Promise<void> {
  if (req.method !== 'POST' || (await hasGoodToken(req, tokens))) return;
  if (!(await isKnown(guard, acceptor, req))) await guard.admit(req, route);
}

async function isKnown(guard: Guard, acceptor: Guarding['acceptor'], req: Request): Promise<boolean> {
  const key = readIdempotencyKey(req, []);
  if (key === null || !(await guard.mayAsk(req))) return false;
  return (await acceptor.findFingerprint({ scope: anonymousScope(req), key })) !== undefined;
}

/** A token that is not good is none. */
async function hasGoodToken(req: Request, tokens: Tokens): Promise<boolean> {
  try {
    return (await authenticate(req, tokens)) !== null;
  } catch (refusal) {
    if (refusal instanceof Problem) return false;
    throw refusal;
  }
}
