/**
 * Admission decides, before anything is joined, whether a connection may listen: a good token, then a session that
 * exists and is in its scope. What is out of scope is answered exactly like what does not exist.
 */
import { randomBytes } from 'node:crypto';
import { isVisible, type Scope } from '../../access/scope.ts';
import type { ScopeCache } from '../../access/scopeCache.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { BadSignatures } from '../../infra/badSignatures.ts';
import type { LoginRecorder } from '../../infra/loginRecorder.ts';
import type { Config } from '../../infra/process/config.ts';
import { type Identity, isCurrent, type Ticket, type Tokens } from '../../infra/tokens.ts';
import type { DemandRoom } from './admissionLimits.ts';
import type { IsLetIn } from './origins.ts';
import { bearerOf, type ResumeTickets } from './resumeTickets.ts';

export type Transport = 'socketio' | 'websocket' | 'sse';

/** In the place of a session's id: the public one with an open gallery that began last. */
export const LAST_OPEN = Symbol('the gallery that opened last');

/** What a client asks for, as its transport found it. */
export interface Request {
  transport: Transport;
  /** The client's own, as far as trusted proxies say it. */
  address: string;
  origin: string | undefined;
  host: string | undefined;
  /** What its browser says of itself; empty where it says nothing. */
  fingerprint: string;
  user_agent?: string | undefined;
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
  /** What it is called without a token, where such listeners are told apart. */
  guest: string | undefined;
  scope: Scope;
}

const CONNECTION_ID_BYTES = 12;
export const NIL = '00000000-0000-0000-0000-000000000000';

/** A listener that showed neither token nor ticket, where such are let in. */
export const ANYBODY: Identity = {
  actor: { id: 'anonymous', role: 'anonymous', institution_id: null },
  expires_at: Number.MAX_SAFE_INTEGER,
  origin: { names: [], institution_id: null, role: 'anonymous' as never, issued_at: null },
};

/** @throws {Problem} with the refusal */
export type Admit = (request: Request) => Promise<Admitted>;

/** What a kind of room asks of its own. */
export interface Door {
  /** The identity of a listener that shows neither token nor ticket; undefined: it is not let in. */
  anybody: Identity | undefined;
  /** Boards are let in with tokens of theirs. */
  boards?: true;
  /** What such a listener is called. */
  guestOf?(scope: Scope, request: Request): string;
  /** @throws {Problem} with the refusal */
  demandSession(session_id: string, identity: Identity | Ticket): Promise<Scope>;
}

export interface AdmissionOptions {
  door: Door;
  tokens: Tokens;
  resumeTickets: Pick<ResumeTickets, 'redeem'>;
  isLetIn: IsLetIn;
  logins: Pick<LoginRecorder, 'see'>;
  bad_signatures: Pick<BadSignatures, 'note'>;
  demandRoom: DemandRoom;
  config: Config;
}

export function createAdmission(options: AdmissionOptions): Admit {
  const { door, tokens, resumeTickets, isLetIn, logins, bad_signatures, demandRoom, config } = options;

  async function admit(request: Request): Promise<Admitted> {
    if (!isLetIn(request.origin, request.host)) throw new Problem('forbidden', 'Pages of this origin may not connect.');
    const identity = await identify(request);
    if (!config.FEATURE_MOOT_OPERATIONS) throw new Problem('feature_disabled');
    const scope = await door.demandSession(idIn(request.session_id), identity);
    const session_id = scope.session_id!;
    const [last_sequence, seat] = [request.lastSequence(), request.seat()];
    // The last thing to be asked: what is refused for another reason uses no ticket up.
    const resumed = await resumeTickets.redeem(request.resume_ticket, bearerOf(identity, session_id));
    if (!resumed && !isCurrent(identity)) throw unauthenticated();
    const isAnybody = identity === door.anybody;
    // One link is opened by many screens: their addresses alone are counted.
    const isUser = !isAnybody && identity.actor.role !== 'board';
    const user_id = isUser ? identity.actor.id : undefined;
    if (!resumed) await demandRoom(user_id, request.address);
    logins.see(identity.actor, request);
    // Named one by one: objects made by spreading have a shape of their own each, which is ten times their size.
    const { address } = request;
    const connection_id = randomBytes(CONNECTION_ID_BYTES).toString('base64url');
    const guest = isAnybody ? door.guestOf?.(scope, request) : undefined;
    return { connection_id, address, session_id, last_sequence, seat, resumed, identity, guest, scope };
  }

  /** The ticket of an observer that has ended is good for coming back, and for nothing else. */
  async function identify({ token, resume_ticket, address }: Request): Promise<Identity | Ticket> {
    if (token === undefined && door.anybody) return door.anybody;
    const identity = typeof token === 'string' && (await verify(token));
    if (!identity && typeof token === 'string') bad_signatures.note(token, address);
    if (!identity || (resume_ticket === undefined && !isCurrent(identity))) throw unauthenticated();
    return identity;
  }

  async function verify(token: string): Promise<Identity | Ticket | undefined> {
    const known = (await tokens.verify(token)) ?? (await tokens.verifyTicket(token));
    return known ?? (door.boards && tokens.verifyBoard(token));
  }

  return admit;
}

/** @returns what is no id as one that nothing has */
function idIn(asked: unknown): string {
  return typeof asked === 'string' && isUuid(asked.toLowerCase()) ? asked.toLowerCase() : NIL;
}

/** To a session's record. */
export function createLiveDoor(scopes: ScopeCache): Door {
  return {
    anybody: undefined,
    async demandSession(id, identity) {
      const isAllowed = (scope: Scope) => mayListen(scope, identity);
      const scope = id === NIL ? undefined : await scopes.find({ kind: 'session', id }, isAllowed);
      if (!scope || !isAllowed(scope)) throw new Problem('not_found');
      return scope;
    },
  };
}

function unauthenticated(): Problem {
  const challenge = { 'WWW-Authenticate': 'Bearer' };
  return new Problem(
    'unauthenticated',
    'The token is missing, expired, not signed by us, or there are two.',
    {},
    challenge,
  );
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
