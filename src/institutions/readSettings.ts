/** Reading what holds for an institution. */
import { ADMINS } from '../core/definitions/actor.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';
import { findInstitution, institutionAnswer } from './institution.ts';

export const readSettings = defineQuery({
  name: 'institution.get',
  route: 'GET /api/institution/:institution_id/settings',
  summary: 'What is set for an institution, with the defaults where nothing was',
  roles: ADMINS,
  query: NO_QUERY,
  target: ({ institution_id }) => ({ kind: 'institution', id: institution_id }),
  answer: institutionAnswer,
  read: ({ db, params }) => findInstitution(db, params.institution_id),
});
