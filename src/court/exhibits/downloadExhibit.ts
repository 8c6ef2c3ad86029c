/** The file of an exhibit, as it was uploaded. */
import { ROLES } from '../../core/definitions/actor.ts';
import { defineFileQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { attachmentOf } from './exhibitFile.ts';
import { aboutExhibit, findWithFile } from './readExhibits.ts';

export const downloadExhibit = defineFileQuery({
  name: 'exhibit.download',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id/download',
  summary: 'The file of an exhibit, as it was uploaded',
  roles: ROLES,
  query: NO_QUERY,
  target: aboutExhibit,
  read: findWithFile,
  attach: attachmentOf,
});
