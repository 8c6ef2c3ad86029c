/**
 * The digest of its final state that a completed session is sealed with: part of the payload of its last event, which
 * says of which version it is. What was sealed with a version stays sealed with it (docs/record.md).
 */
import canonicalize from 'canonicalize';
import { sha256 } from '../../core/chain/sha256.ts';
import { groupBy } from '../../core/groupBy.ts';
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
  const places = groupBy(Object.entries(commitments), ([place]) => place.slice(0, place.indexOf(' ')));
  const committed = (item: { id: string }) => {
    const own = (places.get(item.id) ?? []).map(([place, commitment]) => [place.slice(item.id.length + 1), commitment]);
    return { ...item, ...Object.fromEntries(own.filter(([field]) => field! in item)) };
  };
  const parts = Object.entries({ ...session, participants: seats }).flatMap(([name, part]: [string, unknown]) => {
    if (!Array.isArray(part)) return [[name, part]];
    return part.length === 0 ? [] : [[name, part.map(committed)]];
  });
  return sha256(canonicalize(Object.fromEntries(parts)) as string);
}
