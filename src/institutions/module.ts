/** Institutions: what their admins set for all that is theirs. */
import { defineModule } from '../core/definitions/module.ts';
import { changeSettings } from './changeSettings.ts';
import { institutionSettings } from './institution.ts';
import { readSettings } from './readSettings.ts';

export const institutions = defineModule({
  name: 'institutions',
  reserved: { event_prefixes: [], stream_kinds: ['institution'] },
  commands: [changeSettings],
  tables: [institutionSettings],
  queries: [readSettings],
});
