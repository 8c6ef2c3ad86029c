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
import { thePolicies } from './thePolicies.ts';

/** Of an institution. */
const MOST_POLICIES = 100;

/** How many its institution has. */
const policiesBefore: FactSource<{ owner: string }, number> = {
  key: ({ input }) => input.owner,
  async load(db, owners) {
    const { rows } = await db.query<{ owner: string; count: number }>(
      `select institution_id as owner, count(*)::integer as count
       from policies where institution_id = any($1::uuid[]) group by institution_id`,
      [owners],
    );
    return new Map(rows.map(({ owner, count }) => [owner, count]));
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
  locks: ({ owner }, __, id) => [thePolicy(id), thePolicies(owner)],
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
