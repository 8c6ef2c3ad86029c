/** Reading a session's procedural violations, in the order in which they were recorded. */
import { ROLES } from '../../core/definitions/actor.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import { type Violation, violationList } from './violation.ts';

const COLUMNS = 'id, user_id, turn_id, kind, description, recorded_by, recorded_at';

const violations = sessionRows('procedural_violations', COLUMNS, 'recorded_at', (row: Violation) => row);

export const readViolations = defineQuery({
  name: 'session.violations',
  route: 'GET /api/session/:session_id/violations',
  summary: 'The procedural violations in the order in which they were recorded',
  roles: ROLES,
  query: byInstant,
  target: aboutSession,
  answer: violationList,
  read: ({ db, params, query }) => violations.page(db, params.session_id, query),
});
