/** An admin writes a policy. It observes at once, and refuses nothing. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { type Actor, ADMINS } from '../core/definitions/actor.ts';
import type { FactSource, InputError } from '../core/definitions/command.ts';
import { id } from '../core/definitions/schemas.ts';
import { CONTENT_EXAMPLE, contentBody, faultsOfRules } from './content.ts';
import { answerOf, policyAnswer, thePolicy } from './policy.ts';
import { policyCreated } from './policyEvents.ts';
import { reject } from './policyProblems.ts';
import { refuseWhereOff } from './switched.ts';

/** Of an institution. What is asked for at the same moment may come to a few more. */
const MOST_POLICIES = 100;

/** How many its institution has. */
const policiesBefore: FactSource<unknown, number> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<{ key: string; count: number }>(
      `select c.id as key, count(p.id)::integer as count
       from commands c left join policies p on p.institution_id = (c.input ->> 'owner')::uuid
       where c.id = any($1) group by c.id`,
      [command_ids],
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  },
};

function faultsOf({ institution_id }: { institution_id?: string | undefined }, { role }: Actor): InputError[] {
  const isHomeless = role === 'super_admin' && institution_id === undefined;
  return isHomeless ? [{ pointer: '/institution_id', detail: 'a super_admin names the institution' }] : [];
}

export const createPolicy = defineOwnedCommand({
  name: 'policy.create',
  route: 'POST /policies/create',
  summary:
    'Write a policy: which roles, at which hours and with which confidence commands are sent. It begins by observing',
  who: ADMINS,
  within: null,
  body: z.strictObject({ institution_id: id.optional(), ...contentBody }),
  example: CONTENT_EXAMPLE,
  creates: '/policies',
  faults: faultsOf,
  ownerOf: async ({ actor, input: { institution_id } }) => institution_id ?? actor.institution_id ?? undefined,
  admits: ({ role, institution_id }, _, { owner }) => role === 'super_admin' || institution_id === owner,
  refuse: refuseWhereOff,
  looksOut: faultsOfRules,
  locks: (_, __, id) => [thePolicy(id)],
  facts: policiesBefore,
  decide(_, { input }, count = 0) {
    if (count >= MOST_POLICIES) return reject('too_many_policies', `It has ${count}, and may have ${MOST_POLICIES}.`);
    const { name = 'Policy', rules, reason = null, owner: institution_id } = input;
    return [policyCreated({ institution_id, name, rules, reason })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ owner }) => ({ owner }),
  records: [policyCreated],
  rejects: ['too_many_policies'],
});
