/**
 * Tokens of boards: signed by the keys of tickets, each names a board and its institution. They are good only where boards
 * may ask, until they end or their board is revoked.
 */
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { id } from '../core/definitions/schemas.ts';
import { type Identity, isCurrent } from './identity.ts';
import { type Origin, REMEMBERED_MS, type Revocations } from './revocations.ts';
import type { TicketKeys } from './ticketKeys.ts';

const Claims = z.object({ sub: id, role: z.literal('board'), institution_id: id, exp: z.number() });

/** What a token is issued for. */
export interface BoardParts {
  board_id: string;
  institution_id: string;
  expires_at: string;
}

export interface BoardTokens {
  /** @returns undefined when it is no good token of a board */
  verifyBoard(token: string): Promise<Identity | undefined>;
  issueBoard(board: BoardParts): string;
}

export interface BoardTokensOptions {
  ticketKeys: TicketKeys;
  revocations: Revocations;
  /** What was signed by a key of tickets. */
  payloadOf(token: string): Promise<unknown>;
}

/** One link is opened by many screens. */
const KNOWN_TOKENS = 1_000;
/** None of ours is longer. */
const MOST_LENGTH = 1_024;

export function createBoardTokens({ ticketKeys, revocations, payloadOf }: BoardTokensOptions): BoardTokens {
  const known = new LRUCache<string, Identity>({ max: KNOWN_TOKENS, ttl: REMEMBERED_MS });

  async function verifyBoard(token: string): Promise<Identity | undefined> {
    const identity = known.get(token) ?? (await identify(token));
    if (!identity || !isCurrent(identity) || revocations.covers(identity.origin)) return undefined;
    return identity;
  }

  async function identify(token: string): Promise<Identity | undefined> {
    const claims = token.length <= MOST_LENGTH ? Claims.safeParse(await payloadOf(token)).data : undefined;
    if (!claims) return undefined;
    const { sub, role, institution_id, exp } = claims;
    // Whenever it was issued: a board that was revoked stays so.
    const origin: Origin = { names: [['sid', sub]], institution_id, role, issued_at: null };
    if (await revocations.isRevoked(origin)) return undefined;
    const identity: Identity = { actor: { id: sub, role, institution_id }, expires_at: exp, origin };
    known.set(token, identity);
    return identity;
  }

  function issueBoard({ board_id: sub, institution_id, expires_at }: BoardParts): string {
    const claims = { sub, role: 'board', institution_id, exp: Math.floor(Date.parse(expires_at) / 1_000) };
    return jwt.sign(claims, ticketKeys.signing(), { algorithm: 'HS256' });
  }

  return { verifyBoard, issueBoard };
}
