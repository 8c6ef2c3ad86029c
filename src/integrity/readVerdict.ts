/** The verification of one session, for all that may see it. */
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';
import { completeSessionReport, verifySession } from './verifySession.ts';

export const readVerdict = defineQuery({
  name: 'session.verify',
  route: 'GET /api/session/:session_id/verify',
  summary: 'Recompute every hash and link of a session, fold its events, compare the tables and hash its files again',
  roles: 'anyone',
  query: NO_QUERY,
  target: ({ session_id }) => ({ kind: 'session', id: session_id }),
  asVerifier: true,
  read: ({ db, catalog, params }) => verifySession(db, catalog, params.session_id),
  complete: completeSessionReport,
});
