/** Tokens that we sign ourselves: where a secret of ours signs them, and not an identity provider whose public key alone is known here. */
import type { Config } from './process/config.ts';
import { signToken } from './tokens.ts';

export type IssueToken = (claims: object) => string;

/** @returns undefined where tokens are another's to sign */
export function tokenIssuer(
  { JWT_PUBLIC_KEY, JWT_ISSUER: iss, JWT_AUDIENCE: aud }: Config,
  secret: string | undefined,
): IssueToken | undefined {
  if (JWT_PUBLIC_KEY !== undefined || secret === undefined) return undefined;
  return (claims) =>
    signToken({ ...claims, ...(iss !== undefined && { iss }), ...(aud !== undefined && { aud }) }, secret);
}
