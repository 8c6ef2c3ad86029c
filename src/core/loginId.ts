/** What a sign-in is called: everywhere the same, and nobody learns from it by what an identity provider calls it. */
import { sha256 } from './chain/sha256.ts';

interface Named {
  sid?: string | undefined;
  jti?: string | undefined;
  /** The token itself: its hash names a sign-in that nothing else names. */
  token: string;
}

/** A uuid of the first 16 bytes of SHA-256 of the issuer, a newline, and what names it there. */
export function loginIdOf({ sid, jti, token }: Named, issuer: string): string {
  const digits = sha256(`${issuer}\n${sid || jti || sha256(token)}`).slice(0, 32);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
