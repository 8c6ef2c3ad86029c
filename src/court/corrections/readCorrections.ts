/** Reading what was corrected in a session, in the order in which that was done. */
import { ROLES } from '../../core/definitions/actor.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import { correctionList, correctionResource } from './correction.ts';

const COLUMNS = `id, subject, subject_id, former_state, former_ruling, former_ruled_by, former_ruled_at, state, ruling, reason,
  replaced_by, corrected_by, corrected_at`;

const corrections = sessionRows('corrections', COLUMNS, 'corrected_at', correctionResource);

export const readCorrections = defineQuery({
  name: 'session.corrections',
  route: 'GET /api/session/:session_id/corrections',
  summary: 'What was corrected, each with what was said before, in the order in which that was done',
  roles: ROLES,
  query: byInstant,
  target: aboutSession,
  answer: correctionList,
  read: ({ db, params, query }) => corrections.page(db, params.session_id, query),
});
