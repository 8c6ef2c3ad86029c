/**
 * What follows from a risk: consoles of the person and of admins who watch hear of a score that is another one; both
 * hear when a session becomes one to monitor; of a high one a step-up is asked, and where the institution wants it a critical one
 * is ended. Asked or ended before, it stays as it is.
 */

import { type Risk, UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import type { Assessed } from '../../src/behaviour/trained/assess.ts';
import { quietly, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import type { JobTools } from '../job.ts';

export async function actOnRisk({ broadcast, send }: Pick<JobTools, 'broadcast' | 'send'>, { login, risk }: Assessed) {
  const { login_id, user_id, institution_id } = login;
  const before = login.before ?? UNKNOWN;
  const publish = quietly(broadcast);
  const person = { user_id, institution_id };
  const body = { ...person, login_id, risk_score: risk.score, level: risk.level, components: risk.components };
  if (shownOf(risk) !== shownOf(before)) await tellConsole(publish, { event: 'risk_score_update', to: person, body });
  if (risk.action === 'monitor' && before.action !== 'monitor') {
    for (const to of [person, { admins: institution_id }])
      await tellConsole(publish, { event: 'session_monitoring', to, body });
  }
  const { name } = expelLogin;
  if (risk.action === 'terminate') await send({ name, input: { login_id }, key: `${name} ${login_id}` });
}

function shownOf({ score, level, components: { keystroke, mouse, navigation, time } }: Risk): string {
  return JSON.stringify([score, level, keystroke, mouse, navigation, time]);
}
