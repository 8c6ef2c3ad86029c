/** An observation: a spectator looks on. No event records it, and only its own maker finds it. */
import { defineTable } from '../../core/definitions/table.ts';

export const observations = defineTable({
  name: 'session_observations',
  stream: null,
  owner: 'session_id',
  primary_key: ['id'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'observation_id',
  found_for: 'user_id',
});
