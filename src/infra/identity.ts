/** What a token says of its bearer, whoever signed it. */
import type { Actor } from '../core/definitions/actor.ts';
import type { Origin } from './revocations.ts';

/** Clocks differ. */
export const LEEWAY_SECONDS = 5;

/** The user that a token names, and until when (seconds since 1970). */
export interface Identity {
  actor: Actor;
  expires_at: number;
  /** What it can be revoked by. */
  origin: Origin;
}

/** It has not ended. */
export function isCurrent({ expires_at }: Identity): boolean {
  return Date.now() / 1_000 < expires_at + LEEWAY_SECONDS;
}
