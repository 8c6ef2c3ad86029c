/** The guard: what it refuses, and the bans that it and admins record. */
import { defineModule } from '../core/definitions/module.ts';
import { guardBans } from './bans/ban.ts';
import { banAutomatically } from './bans/banAutomatically.ts';
import { banByHost } from './bans/banByHost.ts';
import { banByPerson } from './bans/banByPerson.ts';
import { confirmBan } from './bans/confirmBan.ts';
import { eraseBans } from './bans/eraseBans.ts';
import { liftBan } from './bans/liftBan.ts';
import { readBans } from './bans/readBans.ts';
import { guardProblems } from './guardProblems.ts';

export const guard = defineModule({
  name: 'guard',
  problems: guardProblems,
  reserved: { event_prefixes: [], stream_kinds: ['guard'] },
  commands: [banByPerson, liftBan, confirmBan],
  systemCommands: [banAutomatically, banByHost, eraseBans],
  tables: [guardBans],
  queries: [readBans],
});
