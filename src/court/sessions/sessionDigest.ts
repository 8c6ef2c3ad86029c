/** The digest that seals a completed session: its `integrity_hash`. */
import canonicalize from 'canonicalize';
import { sha256 } from '../../core/chain/sha256.ts';
import type { SessionState } from './session.ts';
import { participantResource } from './sessionResource.ts';

/**
 * SHA-256 of the RFC 8785 form of the final state, without the integrity hash that depends on it
 * (docs/record.md). Sessions from before there were formats, or exhibits, were sealed without what came with them.
 */
export function stateDigest({ integrity_hash: _, participants, exhibits, ...session }: SessionState): string {
  const { format, turns, objections, violations, ...older } = session;
  const isOlder = format === null && turns.length + objections.length + violations.length === 0;
  const shown = { ...(isOlder ? older : session), ...(exhibits.length > 0 && { exhibits }) };
  return sha256(
    canonicalize({ ...shown, participants: Object.values(participants).map(participantResource) }) as string,
  );
}
