/**
 * An admin lifts a policy for a person on the roster of a session, so that a round goes on: until that session ends, for
 * commands about the session, its turns, objections and exhibits. It is recorded with the reason.
 */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { isUuid } from '../core/chain/ids.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import type { FactSource } from '../core/definitions/command.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { id } from '../core/definitions/schemas.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { reason } from './content.ts';
import { answerOf, policyAnswer, thePolicy } from './policy.ts';
import { policyOverridden } from './policyEvents.ts';
import { reject } from './policyProblems.ts';
import { refuseWhereOff } from './switched.ts';

const OWNER = {
  name: 'find-owner-of-policy-and-session',
  text: `
    select p.institution_id from policies p join courtroom_sessions s on s.institution_id = p.institution_id
    where p.id = $1 and s.id = $2`,
};

interface Asked {
  db: Queryable;
  input: { policy_id: string; session_id: string };
}

/** Undefined where the sender may see no such policy, or no such session of its institution. */
async function ownerOf({ db, input: { policy_id, session_id } }: Asked): Promise<string | undefined> {
  if (!isUuid(policy_id)) return undefined;
  const { rows } = await db.query<{ institution_id: string }>({ ...OWNER, values: [policy_id, session_id] });
  return rows[0]?.institution_id;
}

interface Lifting {
  /** The person is on the roster of the session, which goes on. */
  is_on: boolean;
  is_lifted: boolean;
}

/** Of the person that the command names, in the session that it names. */
const lifting: FactSource<{ policy_id: string; session_id: string; user_id: string }, Lifting> = {
  key: ({ input: { policy_id, session_id, user_id } }) => [policy_id, session_id, user_id].join(' '),
  async load(db, keys) {
    const parts = [0, 1, 2].map((part) => keys.map((key) => key.split(' ')[part]));
    const { rows } = await db.query<Lifting & { key: string }>(
      `select key, s.status <> 'completed' and exists (
           select from rosters r where r.assignment_id = s.assignment_id and r.replaced_at is null
             and r.user_id = asked.user_id) as is_on,
         exists (select from policy_overrides o where o.policy_id = asked.policy_id
           and o.user_id = asked.user_id and o.session_id = s.id) as is_lifted
       from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as asked (key, policy_id, session_id, user_id)
       join courtroom_sessions s on s.id = asked.session_id`,
      [keys, ...parts],
    );
    return new Map(rows.map(({ key, ...fact }) => [key, fact]));
  },
};

export const overridePolicy = defineOwnedCommand({
  name: 'policy.override',
  route: 'POST /policies/:policy_id/override',
  summary:
    'Lift a policy for a person on the roster of a session until it ends: for its turns, objections and exhibits',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({ session_id: id, user_id: id, reason }),
  example: { session_id: EXAMPLE.event_id, user_id: EXAMPLE.user_id, reason: 'The hall’s network is new.' },
  refuse: refuseWhereOff,
  locks: ({ policy_id }) => [thePolicy(policy_id)],
  facts: lifting,
  decide(_, { input: { session_id, user_id, reason } }, fact) {
    if (fact?.is_lifted) return [];
    if (!fact?.is_on) return reject('not_overridable', 'The session has ended, or the person is not on its roster.');
    return [policyOverridden({ session_id, user_id, reason })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner, session_id, user_id }) => ({ policy_id, owner, session_id, user_id }),
  records: [policyOverridden],
  rejects: ['not_overridable'],
});
