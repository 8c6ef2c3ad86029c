/** How corrections enter the state: with the sources of their texts, so that the seal holds when these are erased. */
import type { RecordedEvent } from '../../core/definitions/event.ts';
import { type SessionState, withSource } from '../sessions/session.ts';
import type { Correction } from './correction.ts';

type Made = 'id' | 'corrected_by' | 'corrected_at';

/** @param session as it was before the correction, of which the former ruling still has its own source */
export function withCorrection(
  session: SessionState,
  event: RecordedEvent<unknown>,
  facts: Omit<Correction, Made>,
): SessionState {
  const { id, actor: corrected_by, at: corrected_at } = event;
  const corrected = { ...session, corrections: [...session.corrections, { id, ...facts, corrected_by, corrected_at }] };
  const sourced = withSource(corrected, id, 'reason', event);
  if (facts.subject === 'turn') return sourced;
  const payload_commitment = session.commitments[`${facts.subject_id} ruling`]!;
  const former = withSource(sourced, id, 'former_ruling', { payload_commitment });
  return withSource(withSource(former, id, 'ruling', event), facts.subject_id, 'ruling', event);
}
