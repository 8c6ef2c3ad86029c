/** Reading the participants of a session, in order of joining. */
import { defineQuery } from '../../core/definitions/query.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import { type ParticipantAnswer, participantList } from '../sessions/sessionResource.ts';

const COLUMNS = 'id, user_id, name, role, status, joined_at, left_at, connection_count';

const asItIs = (row: ParticipantAnswer) => row;
const participants = sessionRows('session_participations', COLUMNS, 'joined_at', asItIs);

export const readAllParticipants = participants.all;

export const readParticipants = defineQuery({
  name: 'session.participants',
  route: 'GET /api/session/:session_id/participants',
  summary: 'Who takes part, in order of joining',
  roles: 'anyone',
  query: byInstant,
  target: aboutSession,
  answer: participantList,
  read: ({ db, params, query }) => participants.page(db, params.session_id, query),
});
