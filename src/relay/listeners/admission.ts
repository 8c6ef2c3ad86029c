/**
 * Admission decides, before anything is joined, whether a connection may listen: a good token, then a session that
 * exists and is in its scope. What is out of scope is answered exactly like what does not exist.
 */
import { randomUUID } from 'node:crypto';
import { isVisible, type Scope } from '../../access/scope.ts';
import type { ScopeCache } from '../../access/scopeCache.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { asProblem } from '../../infra/asProblem.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Identity, Ticket, Tokens } from '../../infra/tokens.ts';

export type Transport = 'socketio' | 'websocket' | 'sse';

/** What a client asks for, as its transport found it. */
export interface Request {
  transport: Transport;
  /** The peer's. */
  address: string;
  origin: string | undefined;
  token: unknown;
  session_id: unknown;
  resume_ticket: unknown;
  /** @throws {Problem} when what the client sent is no position */
  lastSequence(): number | undefined;
  /** Whether it takes its seat, where the roster has one for it. @throws {Problem} when it is neither yes nor no */
  seat(): boolean;
}

export interface Admitted {
  /** Of this connection alone. */
  connection_id: string;
  address: string;
  session_id: string;
  last_sequence: number | undefined;
  /** False: it listens without presence. */
  seat: boolean;
  /** It came back with a resume ticket, which was good. */
  resumed: boolean;
  identity: Identity | Ticket;
  scope: Scope;
}

/** @throws {Problem} with the refusal */
export type Admit = (request: Request) => Promise<Admitted>;

export function createAdmission(scopes: ScopeCache, tokens: Tokens, config: Config): Admit {
  async function admit(request: Request): Promise<Admitted> {
    demandOrigin(request.origin, config.CORS_ORIGINS);
    const identity = await identify(request.token);
    if (!config.FEATURE_MOOT_OPERATIONS) throw new Problem('feature_disabled');
    const scope = await demandSession(request.session_id, identity);
    return {
      connection_id: randomUUID(),
      address: request.address,
      session_id: scope.session_id!,
      last_sequence: request.lastSequence(),
      seat: request.seat(),
      resumed: false,
      identity,
      scope,
    };
  }

  async function identify(token: unknown): Promise<Identity | Ticket> {
    const identity = typeof token === 'string' && ((await tokens.verify(token)) ?? (await tokens.verifyTicket(token)));
    if (identity) return identity;
    const challenge = { 'WWW-Authenticate': 'Bearer' };
    throw new Problem('unauthenticated', 'The token is missing, expired or not signed by us.', {}, challenge);
  }

  async function demandSession(asked: unknown, identity: Identity | Ticket): Promise<Scope> {
    const id = typeof asked === 'string' ? asked.toLowerCase() : '';
    const isAllowed = (scope: Scope) => mayListen(scope, identity);
    const scope = isUuid(id) ? await scopes.find({ kind: 'session', id }, isAllowed) : undefined;
    if (!scope || !isAllowed(scope)) throw new Problem('not_found');
    return scope;
  }

  return admit;
}

/**
 * A ticket is good for its own session, whatever that session's visibility. A person who was replaced may have it from a
 * seat that is gone: then it is good for what they see without one.
 */
export function mayListen(scope: Scope, identity: Identity | Ticket): boolean {
  if (!('session_id' in identity)) return isVisible(scope, identity.actor);
  if (identity.session_id !== scope.session_id) return false;
  return !scope.replaced.has(identity.holder.id) || isVisible(scope, identity.holder);
}

/** CORS does not protect WebSockets: a page of another site may open one, so its origin is checked here. */
function demandOrigin(origin: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || allowed.length === 0 || allowed.includes(origin)) return;
  throw new Problem('forbidden', 'Pages of this origin may not connect.');
}

/** How a failed admission is answered. */
export function refusedAdmission(error: unknown, log: Log) {
  if (!(error instanceof Problem)) log.error({ err: error }, 'admission failed');
  return asProblem(error);
}
