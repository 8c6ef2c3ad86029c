/**
 * What follows from a risk. Consoles of the person and of admins who watch hear of a score that is another one; both hear when
 * a session becomes one to monitor. Of a high one a step-up is asked, and where the institution wants it a critical one is
 * ended; both stand on the audit trail of the institution. What was asked or ended before stays as it is.
 */

import type { EntryType } from '../../src/audit/entry.ts';
import { recordEntries } from '../../src/audit/recordEntries.ts';
import { type Risk, UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import type { ActiveLogin, Assessed } from '../../src/behaviour/trained/assess.ts';
import { quietly, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import { type Asking, askStepUp, toldOf } from '../../src/logins/stepUp.ts';
import type { JobTools } from '../job.ts';

type Tools = Pick<JobTools, 'pool' | 'broadcast' | 'send'>;

const BY = 'system';

export async function actOnRisk(tools: Tools, { login, risk }: Assessed): Promise<void> {
  const { login_id, user_id, institution_id } = login;
  const before = login.before ?? UNKNOWN;
  const publish = quietly(tools.broadcast);
  const person = { user_id, institution_id };
  const body = { ...person, login_id, risk_score: risk.score, level: risk.level, components: risk.components };
  if (shownOf(risk) !== shownOf(before)) await tellConsole(publish, { event: 'risk_score_update', to: person, body });
  if (risk.action === 'monitor' && before.action !== 'monitor') {
    for (const to of [person, { admins: institution_id }])
      await tellConsole(publish, { event: 'session_monitoring', to, body });
  }
  if (risk.action === 'reauthenticate') await askFor(tools, login);
  if (risk.action === 'terminate') await expel(tools, login);
}

function shownOf({ score, level, components: { keystroke, mouse, navigation, time } }: Risk): string {
  return JSON.stringify([score, level, keystroke, mouse, navigation, time]);
}

async function askFor(tools: Tools, login: ActiveLogin): Promise<void> {
  const { login_id, user_id, institution_id } = login;
  const asking: Asking = { login_id, user_id, institution_id, asked_for: 'risk', asked_by: BY };
  const asked = await askStepUp(tools.pool, asking);
  if (!asked) return;
  await tellConsole(quietly(tools.broadcast), toldOf(asking, asked));
  await audit(tools, login, { type: 'mfa_event', action: 'login.ask', happened_at: asked.asked_at });
}

/** As often as it is judged so, until its end is asked for: whatever became of the command before. The trail has it from the inbox. */
async function expel({ pool, send }: Tools, login: ActiveLogin): Promise<void> {
  const { login_id, user_id, institution_id: owner, last_at } = login;
  const { rowCount } = await pool.query('select from login_ends where login_id = $1', [login_id]);
  if (rowCount === 1) return;
  const { name } = expelLogin;
  await send({ name, input: { login_id, user_id, owner }, key: `${name} ${login_id} ${last_at}` });
}

interface Audited {
  type: EntryType;
  action: string;
  happened_at: string;
}

function audit({ send }: Tools, { login_id, institution_id: owner }: ActiveLogin, audited: Audited): Promise<void> {
  const by = { user_id: BY, role: BY, command_id: null };
  const entry = { ...audited, ...by, outcome: 'applied', code: null, subject: `login:${login_id}`, count: 1 };
  const key = `audit ${audited.action} ${login_id} ${audited.happened_at}`;
  return send({ name: recordEntries.name, input: { owner, entries: [entry] }, key });
}
