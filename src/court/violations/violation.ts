/** A procedural violation: a fault that an official puts on record. It needs no ruling; what it costs is for the scores. */
import { defineTable } from '../../core/definitions/table.ts';

export interface Violation {
  id: string;
  /** The person at fault. */
  user_id: string;
  turn_id: string | null;
  kind: string;
  description: string;
  recorded_by: string;
  recorded_at: string;
}

export const violations = defineTable({
  name: 'procedural_violations',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});
