/**
 * What follows from a risk. Consoles of the person and of admins who watch hear of a score that is another one; both hear when
 * a session becomes one to monitor. Of a high one a step-up is asked, and where the institution wants it a critical one is
 * ended; both stand on the audit trail of the institution. What was asked or ended before stays as it is.
 */

import type { Entry } from '../../src/audit/recordEntries.ts';
import { type Risk, UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import type { ActiveLogin, Assessed } from '../../src/behaviour/trained/assess.ts';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { quietly, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import { type Asking, askStepUp, toldOf } from '../../src/logins/stepUp.ts';
import { ring, submissionsFor } from '../audit/followInbox.ts';
import type { JobTools } from '../job.ts';

type Tools = Pick<JobTools, 'pool' | 'broadcast' | 'queues' | 'send' | 'log'>;

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

/** What is asked stands on the trail with it: in one transaction. */
async function askFor({ pool, broadcast, queues, log }: Tools, login: ActiveLogin): Promise<void> {
  const { login_id, user_id, institution_id } = login;
  const asking: Asking = { login_id, user_id, institution_id, asked_for: 'risk', asked_by: BY };
  const { asked, sent } = await inTransaction(pool, async (db: Queryable) => {
    const asked = await askStepUp(db, asking);
    const sent = asked ? submissionsFor(institution_id, [entryOf(login_id, asked.asked_at)]) : [];
    if (sent.length > 0) await acceptCommands(db, sent);
    return { asked, sent };
  });
  if (!asked) return;
  await ring(queues, sent).catch((err) => log.debug({ err }, 'ringing doorbell failed'));
  await tellConsole(quietly(broadcast), toldOf(asking, asked));
}

function entryOf(login_id: string, happened_at: string): Entry {
  return {
    ...{ type: 'mfa_event', user_id: BY, role: BY, action: 'login.ask', outcome: 'applied', code: null },
    ...{ command_id: null, subject: `login:${login_id}`, count: 1, happened_at },
  };
}

const IS_ASKED = {
  name: 'is-end-asked',
  text: `
    select from login_ends e where e.login_id = $1 and (e.ended_at is null or exists (
      select from revocations r where r.value = $1::text and r.claim = 'login' and r.institution_id is null
      union all
      select from revocations r where r.value = $1::text and r.claim = 'login' and r.institution_id = $2))`,
};

/** As often as it is judged so, until its end is asked for there: whatever became of the command before. The trail has it from the inbox. */
async function expel({ pool, send }: Tools, login: ActiveLogin): Promise<void> {
  const { login_id, user_id, institution_id: owner, last_at } = login;
  const { rowCount } = await pool.query({ ...IS_ASKED, values: [login_id, owner] });
  if (rowCount === 1) return;
  const { name } = expelLogin;
  await send({ name, input: { login_id, user_id, owner }, key: `${name} ${login_id} ${last_at}` });
}
