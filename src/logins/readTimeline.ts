/** What is known of a login session, in the order in which it was. */
import { z } from 'zod';
import { isUuid } from '../core/chain/ids.ts';
import { ROLES } from '../core/definitions/actor.ts';
import { at, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';

const WHAT = [
  ...(['first_seen', 'device', 'network', 'last_seen'] as const),
  ...(['step_up_asked', 'step_up_confirmed', 'termination_asked', 'terminated'] as const),
] as const;

const item = z.strictObject({
  at,
  what: z.enum(WHAT),
  /** Of the device, of the network, of the login session that confirmed, or of the person who asked for the end. */
  id: text.nullable(),
  /** Why the end, or for what the step-up, was asked for. */
  reason: text.nullable(),
});

const timelineAnswer = named('LoginSessionTimeline', z.strictObject({ id: uuid, items: z.array(item) }), {
  id: EXAMPLE.command_id,
  items: [
    { at: EXAMPLE.created_at, what: 'first_seen', id: null, reason: null },
    { at: EXAMPLE.now, what: 'terminated', id: null, reason: null },
  ],
});

type Item = z.output<typeof item>;

/** Row security shows those of the asker, and to admins those of the institution. */
const READ = {
  name: 'read-login-timeline',
  text: `
    select * from (
      select first_seen as at, 'first_seen' as what, null as id, null as reason, 1 as place from logins where id = $1
      union all select first_seen, kind, mark, null, 2 from login_places where login_id = $1
      union all select last_seen, 'last_seen', null, null, 3 from logins where id = $1
      union all select asked_at, 'step_up_asked', null, asked_for, 4 from step_ups where login_id = $1
      union all select confirmed_at, 'step_up_confirmed', confirmed_in::text, null, 5 from step_ups
        where login_id = $1 and confirmed_at is not null
      union all select asked_at, 'termination_asked', asked_by, reason, 6 from login_ends where login_id = $1
      union all select ended_at, 'terminated', null, null, 7 from login_ends where login_id = $1 and ended_at is not null
    ) all_of_it order by at, place, id`,
};

export const readTimeline = defineQuery({
  name: 'login.timeline',
  route: 'GET /auth/sessions/:login_id/timeline',
  summary: 'What is known of a login session: when it was seen, where from, and how it ended',
  roles: ROLES,
  query: NO_QUERY,
  target: () => null,
  answer: timelineAnswer,
  async read({ db, params: { login_id } }) {
    if (!isUuid(login_id)) return undefined;
    const { rows } = await db.query<Item & { place: number }>({ ...READ, values: [login_id] });
    if (rows.length === 0) return undefined;
    return { id: login_id, items: rows.map(({ place: _, ...row }) => row) };
  },
});
