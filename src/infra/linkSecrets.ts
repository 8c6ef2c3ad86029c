/**
 * The secrets of links that open something without a sign-in. A link's secret follows from the id of the command that made
 * it and a key that is replaced each day, so that the same command is answered with the same link for a day; what is stored
 * is the secret's hash, by which the link is good for as long as its row says.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../core/chain/sha256.ts';
import type { TicketKeys } from './ticketKeys.ts';

export interface LinkSecrets {
  /** @param id of the command */
  hashOf(id: string): string;
  /** Undefined where the key was replaced since. */
  secretOf(id: string, secret_hash: string): string | undefined;
}

/** 256 bits in base64url. */
const SECRET = /^[\w-]{43}$/;

export function createLinkSecrets(keys: TicketKeys): LinkSecrets {
  type Key = ReturnType<TicketKeys['signing']>;
  const secretBy = (key: Key, id: string) => createHmac('sha256', key).update(`link ${id}`).digest('base64url');
  return {
    hashOf: (id) => sha256(secretBy(keys.signing(), id)),
    secretOf: (id, secret_hash) =>
      keys
        .honoured()
        .map((key) => secretBy(key, id))
        .find((secret) => isSecretOf(secret, secret_hash)),
  };
}

/** @param secret_hash lower hex */
export function isSecretOf(secret: string, secret_hash: string): boolean {
  return SECRET.test(secret) && timingSafeEqual(Buffer.from(sha256(secret)), Buffer.from(secret_hash));
}
