/** Reading policies: one, those of an institution, and how one came to be what it is. The newest first. */
import { z } from 'zod';
import { isUuid } from '../core/chain/ids.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { actor, at, count, listOf, named, text } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { pageOf, pageQuery, withinPage } from '../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';
import { instant, id as uuid } from '../core/definitions/schemas.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { EXAMPLE_RULE, MODES, type PolicyAnswer, policyAnswer, policyList } from './policy.ts';
import { CHANGES } from './policyEvents.ts';
import { ruleSchema } from './rule.ts';
import { demandOn, demandOwnOn } from './switched.ts';

/** Row security leaves those of the reader's institution. */
const POLICIES = `
  select id, institution_id, name, rules, version, mode, active, observed_since, created_at, changed_at from policies`;

const ONE = { name: 'read-policy', text: `${POLICIES} where id = $1` };

/** Undefined where there is none that the reader may see. @throws {Problem} 403 where its institution has policies off */
export async function findPolicy(db: Queryable, id: string): Promise<PolicyAnswer | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<PolicyAnswer>({ ...ONE, values: [id] });
  if (rows[0]) await demandOn(db, rows[0].institution_id);
  return rows[0];
}

export const readPolicy = defineQuery({
  name: 'policy.get',
  route: 'GET /policies/:policy_id',
  summary: 'One policy: its rules, and whether it observes or enforces',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  answer: policyAnswer,
  read: ({ db, params: { policy_id } }) => findPolicy(db, policy_id),
});

export const readPolicies = defineQuery({
  name: 'policy.list',
  route: 'GET /policies',
  summary: 'Policies of your institution, the newest first',
  roles: ADMINS,
  query: z.strictObject(pageQuery([instant, uuid])),
  target: () => null,
  answer: policyList,
  async read({ db, actor, query }) {
    await demandOwnOn(db, actor);
    const [time = null, id = null] = query.cursor ?? [];
    // Beside row security, so that an index leads to the own ones.
    const own = actor.role === 'super_admin' ? '$4::uuid is null' : 'institution_id = $4';
    const { rows } = await db.query<PolicyAnswer>(
      withinPage(`
        ${POLICIES} where ${own} and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
        order by created_at desc, id desc limit $3`),
      [time, id, query.limit + 1, actor.role === 'super_admin' ? null : actor.institution_id],
    );
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [row.created_at, row.id],
    );
  },
});

const changeAnswer = named(
  'PolicyChange',
  z.strictObject({
    /** Its place among the changes of the policy. */
    n: count,
    change: z.enum(CHANGES),
    ...{ name: text, rules: z.array(ruleSchema), version: count, mode: z.enum(MODES), active: z.boolean() },
    ...{ reason: text.nullable(), changed_by: actor, changed_at: at },
  }),
  {
    ...{ n: 1, change: 'created' as const, name: 'Rounds', rules: [EXAMPLE_RULE], version: 1 },
    ...{ mode: 'observe' as const, active: true, reason: 'The semi-finals begin.' },
    ...{ changed_by: EXAMPLE.user_id, changed_at: EXAMPLE.created_at },
  },
);
type Change = z.output<typeof changeAnswer>;

const CHANGES_OF = `
  select n, change, name, rules, version, mode, active, reason, changed_by, changed_at from policy_changes
  where policy_id = $1 and ($2::integer is null or n < $2) order by n desc limit $3`;

export const readEvolution = defineQuery({
  name: 'policy.evolution',
  route: 'GET /policies/:policy_id/evolution',
  summary: 'How a policy came to be what it is: every change, by whom and why, the newest first',
  roles: ADMINS,
  query: z.strictObject(pageQuery([z.string().regex(/^\d{1,9}$/)])),
  target: () => null,
  answer: listOf('PolicyEvolution', changeAnswer),
  async read({ db, params: { policy_id }, query }) {
    if (!(await findPolicy(db, policy_id))) return undefined;
    const values = [policy_id, query.cursor?.[0] ?? null, query.limit + 1];
    const { rows } = await db.query<Change>(withinPage(CHANGES_OF), values);
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [String(row.n)],
    );
  },
});
