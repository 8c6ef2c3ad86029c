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

/** Of the session that the command names. */
const isOnRoster: FactSource<unknown, boolean> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<{ key: string; is_on: boolean }>(
      `select c.id as key, s.status not in ('completed', 'cancelled') and exists (
         select from rosters r where r.assignment_id = s.assignment_id and r.replaced_at is null
           and r.user_id::text = c.input ->> 'user_id') as is_on
       from commands c join courtroom_sessions s on s.id = (c.input ->> 'session_id')::uuid
       where c.id = any($1)`,
      [command_ids],
    );
    return new Map(rows.map(({ key, is_on }) => [key, is_on]));
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
  facts: isOnRoster,
  decide(_, { input: { session_id, user_id, reason } }, isOn) {
    if (!isOn) return reject('not_overridable', 'The session has ended, or the person is not on its roster.');
    return [policyOverridden({ session_id, user_id, reason })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner, session_id, user_id }) => ({ policy_id, owner, session_id, user_id }),
  records: [policyOverridden],
  rejects: ['not_overridable'],
});
