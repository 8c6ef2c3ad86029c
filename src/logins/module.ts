/** Logins: the sessions in which people are signed in, which are none of the court's. Plearoll issues no sign-ins. */
import { defineModule } from '../core/definitions/module.ts';
import { confirmLogin } from './confirmLogin.ts';
import { loginStream } from './ending.ts';
import { endLogin } from './endLogin.ts';
import { expelLogin } from './expelLogin.ts';
import { loginProblems } from './loginProblems.ts';
import { readLogins } from './readLogins.ts';
import { readTimeline } from './readTimeline.ts';
import { terminateLogin } from './terminateLogin.ts';
import { terminateOthers } from './terminateOthers.ts';

export const logins = defineModule({
  name: 'logins',
  problems: loginProblems,
  reserved: { event_prefixes: [], stream_kinds: ['login'] },
  // The one whose path names no login session first.
  commands: [terminateOthers, terminateLogin, confirmLogin],
  systemCommands: [endLogin, expelLogin],
  kinds: [loginStream],
  queries: [readLogins, readTimeline],
});
