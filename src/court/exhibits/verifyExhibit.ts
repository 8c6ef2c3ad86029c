/** The file of an exhibit, read and hashed again. */
import { ROLES } from '../../core/definitions/actor.ts';
import { defineLongQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { fileVerdict, verifyFile } from './exhibitFile.ts';
import { aboutExhibit, findWithFile } from './readExhibits.ts';

export const verifyExhibit = defineLongQuery({
  name: 'exhibit.verify',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id/verify',
  summary: 'Hash the file of an exhibit again',
  roles: ROLES,
  query: NO_QUERY,
  target: aboutExhibit,
  read: findWithFile,
  answer: fileVerdict,
  complete: verifyFile,
});
