/** The sender of a request: what the bearer token says, or null. */
import type { Request } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Identity, Tokens } from '../../infra/tokens.ts';

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

/** @param boards theirs are taken too. @returns null for a request without a token. @throws {Problem} 401 for a token that is not good */
export async function authenticate(req: Request, tokens: Tokens, boards = false): Promise<Actor | null> {
  const header = req.headers.authorization;
  if (header === undefined) return null;
  const token = bearerOf(req);
  const identity = token === undefined ? undefined : await identify(token, tokens, boards);
  if (!identity)
    throw new Problem('unauthenticated', 'The token is missing, expired or not signed by us.', {}, CHALLENGE);
  return identity.actor;
}

/** Undefined where there is none, or what is there has not its form. */
export function bearerOf({ headers }: Pick<Request, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

async function identify(token: string, tokens: Tokens, boards: boolean): Promise<Identity | undefined> {
  return (await tokens.verify(token)) ?? (boards ? tokens.verifyBoard(token) : undefined);
}

/** The same, with the refusal as a value: what stands before it at the door comes first. */
export async function senderOf(req: Request, tokens: Tokens, boards = false): Promise<Actor | null | Problem> {
  try {
    return await authenticate(req, tokens, boards);
  } catch (refusal) {
    if (refusal instanceof Problem) return refusal;
    throw refusal;
  }
}

/** @throws {Problem} 401 when there is no token */
export async function demandActor(req: Request, tokens: Tokens): Promise<Actor> {
  const actor = await authenticate(req, tokens);
  if (!actor) throw tokenMissing();
  return actor;
}

/** Serves a request without a token: what is not public is 401 then, and so is what does not exist. */
export async function withoutToken<T>(serve: () => Promise<T>): Promise<T> {
  try {
    return await serve();
  } catch (refusal) {
    throw refusal instanceof Problem && refusal.body.code === 'not_found' ? tokenMissing() : refusal;
  }
}

export function tokenMissing(): Problem {
  return new Problem('unauthenticated', 'Send a token: Authorization: Bearer <token>.', {}, CHALLENGE);
}
