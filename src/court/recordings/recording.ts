/** A recording of a session that is named beside the session's own. */
import { defineTable } from '../../core/definitions/table.ts';

export interface Recording {
  id: string;
  session_id: string;
  url: string;
  title: string | null;
  added_by: string;
  added_at: string;
}

/** On the assignment's stream, and so not frozen with the session; never changed either. */
export const recordings = defineTable({
  name: 'session_recordings',
  stream: 'assignment',
  owner: 'assignment_id',
  primary_key: ['id'],
  append_only: true,
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});
