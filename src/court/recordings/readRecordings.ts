/** Reading the recordings of a session that were added beside its own, in the order in which they were. */
import { ROLES } from '../../core/definitions/actor.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import { type Recording, recordingList } from './recording.ts';

const COLUMNS = 'id, session_id, url, title, added_by, added_at';

const recordings = sessionRows('session_recordings', COLUMNS, 'added_at', (row: Recording) => row);

export const readRecordings = defineQuery({
  name: 'session.recordings',
  route: 'GET /api/session/:session_id/recordings',
  summary: 'The recordings that were added beside the one that the session names',
  roles: ROLES,
  query: byInstant,
  target: aboutSession,
  answer: recordingList,
  read: ({ db, params, query }) => recordings.page(db, params.session_id, query),
});
