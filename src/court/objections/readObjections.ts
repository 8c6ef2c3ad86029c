/** Reading a session's objections, in the order in which they were raised. */
import { defineQuery } from '../../core/definitions/query.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import { objectionList, objectionResource } from './objection.ts';

const COLUMNS = `id, turn_id, ground, reason, side, raised_by, raised_at, state, ruling, reserved_at, ruled_by, ruled_at,
  withdrawn_at`;

const objections = sessionRows('objections', COLUMNS, 'raised_at', objectionResource);

export const readAllObjections = objections.all;

export const readObjections = defineQuery({
  name: 'session.objections',
  route: 'GET /api/session/:session_id/objections',
  summary: 'The objections in the order in which they were raised',
  roles: 'anyone',
  query: byInstant,
  target: aboutSession,
  answer: objectionList,
  read: ({ db, params, query }) => objections.page(db, params.session_id, query),
});
