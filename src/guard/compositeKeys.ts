/**
 * Names of visitors without a token. All are keyed by the server's secret, so that no store, log or dump tells an address
 * or a fingerprint to a reader without it.
 */
import { createHmac } from 'node:crypto';

/** A browser with a longer one has something to hide in it: what is behind is not looked at. */
const MAX_FINGERPRINT = 4_096;
const GUEST_DIGITS = 16;

export interface CompositeKeys {
  /** HMAC-SHA256 of institution, address and fingerprint, in 64 hex. @param institution_id null before one is known */
  keyOf(institution_id: string | null, address: string, fingerprint: string): string;
  /** All browsers of an address beyond the first few: no browser can send this fingerprint. */
  crowdOf(institution_id: string | null, address: string): string;
  /** `guest:<16 hex>`: the records of two sessions do not tell that one guest is in both. */
  guestOf(session_id: string, key: string): string;
  /** `address:<16 hex>`: all without a token behind an address are one reporter. */
  reporterOf(institution_id: string, address: string): string;
}

export function createCompositeKeys(secret: string): CompositeKeys {
  // Each part with its length before it: no two lists of parts make the same text.
  const digest = (...parts: string[]) =>
    createHmac('sha256', secret)
      .update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(','))
      .digest('hex');
  return {
    keyOf: (institution_id, address, fingerprint) =>
      digest('key', institution_id ?? '', address, fingerprint.slice(0, MAX_FINGERPRINT)),
    crowdOf: (institution_id, address) => digest('crowd', institution_id ?? '', address),
    guestOf: (session_id, key) => `guest:${digest('guest', session_id, key).slice(0, GUEST_DIGITS)}`,
    reporterOf: (institution_id, address) =>
      `address:${digest('reporter', institution_id, address).slice(0, GUEST_DIGITS)}`,
  };
}
