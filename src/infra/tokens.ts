/**
 * Tokens: a signed JWT names the sender of a request. Keys are made once; the algorithms that are accepted are those
 * of the key, so a token cannot choose its own. Observer tickets have keys of their own and are good only at the relay;
 * tokens of boards have the same keys, and are good only for matches. None is good once it was revoked.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Actor, type Login, ROLES } from '../core/definitions/actor.ts';
import { id, line } from '../core/definitions/schemas.ts';
import { loginIdOf } from '../core/loginId.ts';
import { type BoardTokens, createBoardTokens } from './boardTokens.ts';
import { type Identity, isCurrent, LEEWAY_SECONDS } from './identity.ts';
import { type Name, type Origin, REMEMBERED_MS, type Revocations } from './revocations.ts';
import type { TicketKeys } from './ticketKeys.ts';

export { type Identity, isCurrent };

const KNOWN_TOKENS = 5_000;
const TICKET_ALGORITHM = 'HS256';

/** A token that is good for longer is lost sight of. */
export const LONGEST_LIFE_SECONDS = 366 * 24 * 3_600;
/** A good one is remembered; one that is longer than any of ours is verified each time, so that memory is bounded. */
const REMEMBERED_LENGTH = 4_096;

/** Of a revocation. */
const MAX_NAME = 255;

const seconds = () => Date.now() / 1_000;
const secondsOf = (instant: string) => Math.floor(Date.parse(instant) / 1_000);
const Claims = z
  .object({
    sub: id,
    role: z.enum(ROLES),
    exp: z.number().refine((end) => end <= seconds() + LONGEST_LIFE_SECONDS),
    iat: z
      .number()
      .refine((start) => start <= seconds() + LEEWAY_SECONDS)
      .optional(),
    institution_id: id.optional(),
    name: z.string().optional(),
    jti: z.string().optional(),
    sid: z.string().optional().catch(undefined),
    iss: z.string().optional().catch(undefined),
    auth_time: z.number().optional().catch(undefined),
  })
  .refine((claims) => claims.role === 'super_admin' || claims.institution_id !== undefined);

const TicketClaims = z.object({
  sub: z.string(),
  role: z.literal('observer'),
  session_id: id,
  exp: z.number(),
  iat: z.number().optional(),
  /** The observation; an API of before does not say. */
  jti: id.optional(),
  /** Of the token it was issued for; an API of before does not say. */
  holder: z
    .object({
      role: z.enum([...ROLES, 'observer']),
      institution_id: id.nullable(),
      jti: z.string().optional(),
      sid: z.string().optional(),
      /** Of the login session; an API of before does not say. */
      login: id.optional(),
    })
    .default({ role: 'observer', institution_id: null }),
});

/** A spectator admitted to one session. */
export interface Ticket extends Identity {
  /** The observation that it was issued for; undefined where an older API issued it. */
  id: string | undefined;
  session_id: string;
  /** The user it was issued for, as their own token says; the `actor` only looks on. */
  holder: Actor;
}

export interface Tokens extends BoardTokens {
  /** @returns undefined when the token is not good, for whatever reason */
  verify(token: string): Promise<Identity | undefined>;
  /** It may have ended. */
  verifyTicket(token: string): Promise<Ticket | undefined>;
  issueTicket(ticket: TicketParts): string;
  /** Was what these name revoked? @throws where Postgres is away */
  isEnded(origin: Origin): Promise<boolean>;
  /** Was it revoked since it was verified? */
  isRevoked(identity: Identity): boolean;
  /** Asked of one that was: because its login session was ended? */
  isTerminated(identity: Identity): boolean;
  /** Is the login session of this sender to end as soon as the court lets it go? It may send nothing. */
  isSuspended(actor: Actor): boolean;
  /** Calls back whenever more was revoked. */
  onRevoked(listener: () => void): void;
  /** Is it a token that none of our keys has signed? One that has ended, or was revoked, is none of these. Never rejects. */
  isForged(token: string): Promise<boolean>;
  /** What the token said that this sender was verified by: for what is done as them when the request is long over. */
  identityOf(actor: Actor): Identity | undefined;
}

/** What a ticket is issued for. */
export interface TicketParts {
  /** The observation's id. */
  id?: string;
  holder: Actor;
  session_id: string;
  issued_at?: string;
  expires_at: string;
}

export interface TokenOptions {
  secret: string | undefined;
  publicKey: KeyObject | undefined;
  issuer: string | undefined;
  audience: string | undefined;
  ticketKeys: TicketKeys;
  revocations: Revocations;
}

export function createTokens(parts: TokenOptions): Tokens {
  const { secret, publicKey, issuer, audience, ticketKeys, revocations } = parts;
  const key = publicKey ?? createSecretKey(Buffer.from(secret!, 'utf8'));
  const options: Checks = {
    algorithms: [algorithmOf(key)],
    clockTolerance: LEEWAY_SECONDS,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };

  // A client sends one token many times: its signature is checked and it is looked up once, its expiry every time.
  const known = new LRUCache<string, Identity | 'revoked'>({ max: KNOWN_TOKENS, ttl: REMEMBERED_MS });

  /** Of the token that an actor was verified by: a ticket that is issued for it ends with that token. */
  const names = new WeakMap<Actor, { jti?: string | undefined; sid?: string | undefined; login: string }>();
  const identities = new WeakMap<Actor, Identity>();

  async function verify(token: string): Promise<Identity | undefined> {
    const identity = known.get(token) ?? (await identify(token));
    if (!identity || identity === 'revoked' || !isCurrent(identity)) return undefined;
    return revocations.covers(identity.origin) ? undefined : identity;
  }

  async function identify(token: string): Promise<Identity | 'revoked' | undefined> {
    const claims = Claims.safeParse(await payloadOf(token, key, options)).data;
    if (!claims) return undefined;
    const { sub, role, institution_id = null, exp, jti, sid, iat = null } = claims;
    const login = loginOf(claims, token);
    const origin: Origin = { names: namesOf({ jti, sid, sub, login: login.id }), institution_id, role, issued_at: iat };
    const actor: Actor = { id: sub, role, institution_id, ...toldOf(claims), login };
    const identity: Identity = { actor, expires_at: exp, origin };
    names.set(identity.actor, { jti, sid, login: login.id });
    identities.set(identity.actor, identity);
    const found = (await revocations.isRevoked(origin)) ? 'revoked' : identity;
    if (token.length <= REMEMBERED_LENGTH) known.set(token, found);
    return found;
  }

  async function verifyTicket(token: string): Promise<Ticket | undefined> {
    const claims = TicketClaims.safeParse(await ticketPayloadOf(token, ticketKeys)).data;
    if (!claims) return undefined;
    const { sub, session_id, exp, iat = null, jti } = claims;
    const { role, institution_id, ...of } = claims.holder;
    const origin = { names: namesOf({ sub, ...of }, { jti }), institution_id, role, issued_at: iat };
    if ((await revocations.isRevoked(origin)) || revocations.covers(origin)) return undefined;
    const actor: Actor = { id: sub, role: 'observer', institution_id: null };
    return { id: jti, actor, session_id, expires_at: exp, holder: { id: sub, role, institution_id }, origin };
  }

  function issueTicket({ id: jti, holder, session_id, issued_at, expires_at }: TicketParts): string {
    const { id, role, institution_id } = holder;
    const claims = {
      ...{ sub: id, role: 'observer', session_id, exp: secondsOf(expires_at) },
      holder: { role, institution_id, ...names.get(holder) },
      ...(jti !== undefined && { jti }),
      ...(issued_at !== undefined && { iat: secondsOf(issued_at) }),
    };
    // Answered again, it is the same.
    return jwt.sign(claims, ticketKeys.signing(), {
      algorithm: TICKET_ALGORITHM,
      noTimestamp: issued_at === undefined,
    });
  }

  const boards = createBoardTokens({
    ticketKeys,
    revocations,
    payloadOf: (token) => ticketPayloadOf(token, ticketKeys),
  });
  const isRevoked = ({ origin }: Identity) => revocations.covers(origin);
  const isTerminated = ({ origin }: Identity) => revocations.isTerminated(origin);
  function isSuspended(actor: Actor): boolean {
    const identity = identities.get(actor);
    return identity !== undefined && revocations.isSuspended(identity.origin);
  }
  const isEnded = async (origin: Origin) => revocations.covers(origin) || revocations.isRevoked(origin);
  return {
    ...{ verify, verifyTicket, issueTicket, ...boards },
    ...{ isRevoked, isTerminated, isSuspended, isEnded, onRevoked: revocations.onRevoked },
    ...{ isForged: isForgedFor(key, ticketKeys), identityOf: (actor: Actor) => identities.get(actor) },
  };
}

function loginOf(
  { iss = '', sid, jti, auth_time, iat, exp: expires_at }: z.output<typeof Claims>,
  token: string,
): Login {
  const named = { id: loginIdOf({ sid, jti, token }, iss), jti: jti ?? null };
  return { ...named, auth_time: auth_time ?? iat ?? null, expires_at, ...(!sid && { of_one_token: true }) };
}

/** What an actor is told to be, where it can be true. */
function toldOf({ name, auth_time }: z.output<typeof Claims>): Pick<Actor, 'name' | 'signed_in_at'> {
  return { ...(isShowable(name) && { name }), ...(isPast(auth_time) && { signed_in_at: auth_time }) };
}

function isPast(instant: number | undefined): instant is number {
  return instant !== undefined && instant <= seconds() + LEEWAY_SECONDS;
}

/** A name that is as a line that people write has to be. */
function isShowable(name: string | undefined): name is string {
  return line.safeParse(name).success;
}

/** What revocations can name it by: no longer than theirs, and nothing that Postgres does not take for text. */
function namesOf(...all: { [claim in Name[0]]?: string | undefined }[]): Name[] {
  const isName = (name: [string, string | undefined]): name is [Name[0], string] =>
    name[1] !== undefined && name[1].length <= MAX_NAME && !name[1].includes('\u0000');
  return all.flatMap((claims) => Object.entries(claims).filter(isName));
}

interface Checks {
  algorithms: Algorithm[];
  clockTolerance: number;
  issuer?: string;
  audience?: string;
  ignoreExpiration?: true;
}

type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

const ALGORITHMS: { [kind: string]: Algorithm } = {
  secret: 'HS256',
  rsa: 'RS256',
  'ec prime256v1': 'ES256',
  ed25519: 'EdDSA',
};

/** jsonwebtoken does not know EdDSA; jose does, at a higher price for the others, and is loaded where it is needed. */
async function payloadOf(token: string, key: KeyObject, { algorithms, ...checks }: Checks): Promise<unknown> {
  if (asksForExtensions(token)) return undefined;
  try {
    if (algorithms[0] === 'EdDSA') {
      const { jwtVerify } = await import('jose');
      return (await jwtVerify(token, key, { algorithms, ...checks })).payload;
    }
    return jwt.verify(token, key, { algorithms: algorithms as jwt.Algorithm[], ...checks });
  } catch {
    return undefined;
  }
}

const IS_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** So long after a ticket, or a token of a board, has ended its key may be retired: jobs/tokens/rotateTickets.ts. */
const RETIRED_AFTER_SECONDS = 12 * 3_600;
const OfTicketKey = z.object({ role: z.enum(['observer', 'board']), exp: z.number() });

/** By its own words alone: as a forgery it would be good for nothing. */
function isOfRetiredKey(token: string): boolean {
  try {
    const said: unknown = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    const { data } = OfTicketKey.safeParse(said);
    return data !== undefined && data.exp < seconds() - RETIRED_AFTER_SECONDS;
  } catch {
    return false;
  }
}

function isForgedFor(key: KeyObject, ticketKeys: TicketKeys): Tokens['isForged'] {
  return async (token) => {
    if (!IS_TOKEN.test(token) || asksForExtensions(token) || isOfRetiredKey(token)) return false;
    for (const one of [key, ...ticketKeys.honoured()]) if (await isSignedWith(token, one)) return false;
    return true;
  };
}

/** Its signature alone: what it says, and until when, may be anything. */
async function isSignedWith(token: string, key: KeyObject): Promise<boolean> {
  const algorithm = algorithmOf(key);
  try {
    if (algorithm === 'EdDSA') await (await import('jose')).compactVerify(token, key, { algorithms: [algorithm] });
    else jwt.verify(token, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
}

const TICKET_CHECKS: Checks = {
  algorithms: [TICKET_ALGORITHM],
  clockTolerance: LEEWAY_SECONDS,
  ignoreExpiration: true,
};

/** Of what was signed with a key of tickets. */
async function ticketPayloadOf(token: string, keys: TicketKeys): Promise<unknown> {
  let payload: unknown;
  for (const key of keys.honoured()) payload ??= await payloadOf(token, key, TICKET_CHECKS);
  return payload;
}

/** We know no extension: a token that demands one is to be refused (RFC 7515 4.1.11), whatever its value (RFC 7797 for b64). */
function asksForExtensions(token: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString());
    return typeof header !== 'object' || header === null || 'crit' in header || 'b64' in header;
  } catch {
    return true;
  }
}

/** @throws when the key is of a kind that has no algorithm here */
function algorithmOf(key: KeyObject): Algorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = key.type === 'secret' ? 'secret' : [key.asymmetricKeyType, curve].filter(Boolean).join(' ');
  const algorithm = ALGORITHMS[kind];
  if (!algorithm)
    throw new Error(`JWT_PUBLIC_KEY: a key of type ${kind} is not supported; use RSA, EC P-256 or Ed25519`);
  return algorithm;
}

/** Signs a token as `plearoll token` does. */
export function signToken(claims: object, secret: string): string {
  return jwt.sign(claims, createSecretKey(Buffer.from(secret, 'utf8')), { algorithm: 'HS256' });
}
