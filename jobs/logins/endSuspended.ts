/**
 * Login sessions that wait for the court are ended when no turn of their person runs any more, and after ten minutes in any
 * case. Every worker looks twice a second whether there is one.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { MOST_SUSPENDED_MINUTES } from '../../src/logins/ending.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';

export const END_LOGIN = 'login.end';
const AT_ONCE = 100;

const DUE = {
  name: 'find-logins-to-end',
  text: `
    select e.login_id, e.institution_id as owner from login_ends e
    where e.ended_at is null and (
      e.asked_at < clock_timestamp() - interval '${MOST_SUSPENDED_MINUTES} minutes'
      or not exists (
        select from rosters r join courtroom_sessions s using (assignment_id) join session_turns t on t.session_id = s.id
        where r.user_id = e.user_id and s.status in ('active', 'paused') and t.state = 'active' and t.speaker_id = e.user_id))
    order by e.asked_at limit ${AT_ONCE}`,
};

/** @param db of role `worker` */
export function endSuspended(db: Queryable, send: JobTools['send']): OverdueWork {
  return {
    name: 'logins',
    waits: 'exists (select from login_ends where ended_at is null)',
    async poll() {
      const { rows } = await db.query<{ login_id: string; owner: string | null }>(DUE);
      // Where a turn began in between the next look asks again.
      const key = (login_id: string) => `${END_LOGIN} ${login_id} ${Math.floor(Date.now() / 1_000)}`;
      await Promise.all(
        rows.map(({ login_id, owner }) => {
          const input = { login_id, ...(owner !== null && { owner }) };
          return send({ name: END_LOGIN, input, key: key(login_id) });
        }),
      );
    },
  };
}
