/** A history with the payload of one event changed, and every hash from there on made anew, as a superuser would. */
import type { SessionEvent } from '../../src/client/protocol.ts';
import { canonicalPayload, eventHash, payloadCommitment } from '../../src/core/chain/chain.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';

export function rewritten(
  history: readonly SessionEvent[],
  sequence: number,
  change: (payload: JsonObject) => JsonObject,
): SessionEvent[] {
  const events = structuredClone([...history]) as SessionEvent[];
  const forged = events[sequence - 1]!;
  const salt = Buffer.alloc(32, sequence);
  const payload = change(forged.payload!);
  const payload_commitment = payloadCommitment(salt, canonicalPayload(payload));
  Object.assign(forged, { payload, payload_salt: salt.toString('hex'), payload_commitment });
  for (let i = sequence - 1; i < events.length; i += 1) {
    const e = events[i]!;
    const previous_hash = events[i - 1]?.event_hash ?? e.previous_hash;
    const event_hash = eventHash({
      ...{ actor: e.actor_id, at: e.occurred_at, commitment: e.payload_commitment, id: e.event_id, previous_hash },
      ...{ sequence: e.event_sequence, stream: e.stream, type: e.event_type },
    });
    Object.assign(e, { previous_hash, event_hash });
  }
  return events;
}
