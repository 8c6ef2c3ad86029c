/** The verification of one session, for all that may see it. */
import { defineLongQuery, NO_QUERY } from '../core/definitions/query.ts';
import { completeSessionReport, sessionVerdict, verifySession } from './verifySession.ts';

export const readVerdict = defineLongQuery({
  name: 'session.verify',
  route: 'GET /api/session/:session_id/verify',
  summary: 'Recompute every hash and link of a session, fold its events, compare the tables and hash its files again',
  roles: 'anyone',
  query: NO_QUERY,
  target: ({ session_id }) => ({ kind: 'session', id: session_id }),
  asVerifier: true,
  read: ({ db, catalog, params }) => verifySession(db, catalog, params.session_id),
  answer: sessionVerdict,
  complete: completeSessionReport,
});
