/** Logins: the sessions in which people are signed in, which are none of the court's. Plearoll issues no sign-ins. */
import { defineModule } from '../core/definitions/module.ts';
import { readLogins } from './readLogins.ts';

export const logins = defineModule({
  name: 'logins',
  reserved: { event_prefixes: [], stream_kinds: ['login'] },
  commands: [],
  queries: [readLogins],
});
