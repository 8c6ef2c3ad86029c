/**
 * The digest of its final state that a completed session is sealed with: part of the payload of its last event, which
 * says of which version it is. What was sealed with a version stays sealed with it (docs/record.md).
 */
import canonicalize from 'canonicalize';
import { sha256 } from '../../core/chain/sha256.ts';
import { firstDigest, type Sealed } from './firstDigest.ts';

/** What sessions are sealed with now. */
export const DIGEST_VERSION = 2;

export function sessionDigest(session: Sealed, version: number): string | undefined {
  if (version === 1) return firstDigest(session);
  return version === DIGEST_VERSION ? stateDigest(session) : undefined;
}

/**
 * SHA-256 of the RFC 8785 form of the final state, without the integrity hash that depends on it. In the place of each
 * text that can be erased stands the commitment of the payload that it came from, so that the seal holds with the text
 * and without it. A list is left out while it is empty: one that is added later changes no seal from before it.
 */
export function stateDigest({ integrity_hash: _, commitments, participants, ...session }: Sealed): string {
  const seats = Object.values(participants).map(({ unseen_since: _, ...seat }) => seat);
  const committed = (item: { id: string }) => {
    const fields = Object.entries(item).map(([field, value]) => [field, commitments[`${item.id} ${field}`] ?? value]);
    return Object.fromEntries(fields) as object;
  };
  const parts = Object.entries({ ...session, participants: seats }).flatMap(([name, part]: [string, unknown]) => {
    if (!Array.isArray(part)) return [[name, part]];
    return part.length === 0 ? [] : [[name, part.map(committed)]];
  });
  return sha256(canonicalize(Object.fromEntries(parts)) as string);
}
