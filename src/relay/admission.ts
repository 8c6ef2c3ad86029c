/**
 * Admission decides, before anything is joined, whether a connection may listen: a good token, then a session that
 * exists and is in its scope. What is out of scope is answered exactly like what does not exist.
 */
import { LRUCache } from 'lru-cache';
import { findScope, isVisible, type Scope } from '../assignments/scope.ts';
import { isUuid } from '../core/ids.ts';
import { Problem, type ProblemBody, problemBody } from '../core/problem.ts';
import type { Queryable } from '../core/queryable.ts';
import type { Config } from '../infra/config.ts';
import { isConnectionFault, isTransientFault } from '../infra/database.ts';
import type { Log } from '../infra/log.ts';
import type { Identity, Ticket, Tokens } from '../infra/tokens.ts';

/** What a client asks for, as its transport found it. */
export interface Request {
  origin: string | undefined;
  token: unknown;
  session_id: unknown;
  /** @throws {Problem} when what the client sent is no position */
  lastSequence(): number | undefined;
}

export interface Admitted {
  session_id: string;
  last_sequence: number | undefined;
  /** Seconds since 1970. */
  expires_at: number;
}

/** @throws {Problem} with the refusal */
export type Admit = (request: Request) => Promise<Admitted>;

const SCOPES_KEPT = 10_000;

export function createAdmission(db: Queryable, tokens: Tokens, config: Config): Admit {
  const scopes = new LRUCache<string, Scope>({
    max: SCOPES_KEPT,
    fetchMethod: (id) => findScope(db, { kind: 'session', id }),
  });

  async function admit(request: Request): Promise<Admitted> {
    demandOrigin(request.origin, config.CORS_ORIGINS);
    const identity = await identify(request.token);
    if (!config.FEATURE_MOOT_OPERATIONS) throw new Problem('feature_disabled');
    const session_id = await demandSession(request.session_id, identity);
    return { session_id, last_sequence: request.lastSequence(), expires_at: identity.expires_at };
  }

  async function identify(token: unknown): Promise<Identity | Ticket> {
    const identity = typeof token === 'string' && ((await tokens.verify(token)) ?? (await tokens.verifyTicket(token)));
    if (identity) return identity;
    const challenge = { 'WWW-Authenticate': 'Bearer' };
    throw new Problem('unauthenticated', 'The token is missing, expired or not signed by us.', {}, challenge);
  }

  async function demandSession(asked: unknown, identity: Identity | Ticket): Promise<string> {
    const session_id = typeof asked === 'string' ? asked.toLowerCase() : '';
    const scope = isUuid(session_id) ? await scopes.fetch(session_id) : undefined;
    if (!scope || !mayListen(scope, identity)) throw new Problem('not_found');
    return session_id;
  }

  return admit;
}

/** A ticket is good for its own session, whatever that session's visibility. */
function mayListen(scope: Scope, identity: Identity | Ticket): boolean {
  return 'session_id' in identity ? identity.session_id === scope.session_id : isVisible(scope, identity.actor);
}

/** CORS does not protect WebSockets: a page of another site may open one, so its origin is checked here. */
function demandOrigin(origin: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || allowed.length === 0 || allowed.includes(origin)) return;
  throw new Problem('forbidden', 'Pages of this origin may not connect.');
}

/** How a failed admission is answered. Faults tell nothing of our insides. */
export function refusalOf(error: unknown, log: Log): { body: ProblemBody; headers: Record<string, string> } {
  if (error instanceof Problem) return error;
  log.error({ err: error }, 'an admission failed');
  if (isConnectionFault(error) || isTransientFault(error)) {
    return { body: problemBody('unavailable'), headers: { 'Retry-After': '2' } };
  }
  return { body: problemBody('internal_error'), headers: {} };
}

/** `Authorization: Bearer <token>` */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}
