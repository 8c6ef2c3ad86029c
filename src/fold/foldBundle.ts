/** A bundle's session folded from its events, for the verifier, which knows of no court. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { StateFold } from '../verifier/sessionFile.ts';
import { createFold } from './fold.ts';

export function foldBundle(session_id: string): StateFold {
  const fold = createFold(session_id);
  return {
    add({ sequence, type, id, actor, at, stream, previous_hash, event_hash, commitment }, payload) {
      fold.add({
        ...{ stream, session_id, event_sequence: sequence, event_type: type, event_id: id, actor_id: actor },
        ...{ occurred_at: at, previous_hash, event_hash, payload_commitment: commitment, payload_salt: null },
        payload: payload === null ? null : (JSON.parse(payload) as JsonObject),
      });
    },
    compare(session) {
      const verdict = fold.confirmSession(session);
      if (verdict.verification === 'confirmed') return { differences: [] };
      return verdict.verification === 'refuted' ? { differences: verdict.differences } : { why: verdict.why };
    },
  };
}
