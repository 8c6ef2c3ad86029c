/** The sender of a request: what the bearer token says, or null. */
import type { Request } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Tokens } from '../../infra/tokens.ts';

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

/** @returns null for a request without a token. @throws {Problem} 401 for a token that is not good */
export async function authenticate(req: Request, tokens: Tokens): Promise<Actor | null> {
  const header = req.headers.authorization;
  if (header === undefined) return null;
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  const identity = token === undefined ? undefined : await tokens.verify(token);
  if (!identity)
    throw new Problem('unauthenticated', 'The token is missing, expired or not signed by us.', {}, CHALLENGE);
  return identity.actor;
}

/** @throws {Problem} 401 when there is no token */
export async function demandActor(req: Request, tokens: Tokens): Promise<Actor> {
  const actor = await authenticate(req, tokens);
  if (!actor) throw tokenMissing();
  return actor;
}

/** Also for what is not public, whether it exists or not. */
export function tokenMissing(): Problem {
  return new Problem('unauthenticated', 'Send a token: Authorization: Bearer <token>.', {}, CHALLENGE);
}
