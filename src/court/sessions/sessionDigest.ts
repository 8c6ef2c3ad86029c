/** The digest of its final state that a completed session is sealed with: part of the payload of its last event. */
import canonicalize from 'canonicalize';
import { sha256 } from '../../core/chain/sha256.ts';

/** What it takes of a session's state, which itself names this digest. */
interface Sealed {
  integrity_hash: string | null;
  format: object | null;
  participants: { readonly [user_id: string]: { unseen_since: string | null } };
  turns: readonly object[];
  objections: readonly object[];
  violations: readonly object[];
}

/**
 * SHA-256 of the RFC 8785 form of the final state, without the integrity hash that depends on it (docs/record.md).
 * Sessions from before there were formats were sealed without what came with them. Every list that came later is left
 * out while it is empty, so that sessions from before it keep their digest.
 */
export function stateDigest({ integrity_hash: _, participants, ...session }: Sealed): string {
  const { format, turns, objections, violations, ...later } = session;
  const isOlder = format === null && turns.length + objections.length + violations.length === 0;
  const filled = Object.entries(later).filter(([, part]) => !Array.isArray(part) || part.length > 0);
  const shown = { ...(!isOlder && { format, turns, objections, violations }), ...Object.fromEntries(filled) };
  const seats = Object.values(participants).map(({ unseen_since: _, ...seat }) => seat);
  return sha256(canonicalize({ ...shown, participants: seats }) as string);
}
