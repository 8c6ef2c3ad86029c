/** What rules would have said of the decisions that are stored, reckoned in Postgres as `decide` reckons it. It changes nothing. */
import { z } from 'zod';
import { count, named } from '../../core/definitions/answers.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Rule } from '../rule.ts';

export const simulationAnswer = named(
  'PolicySimulation',
  z.strictObject({
    /** Decisions that the rules are about. */
    decided: count,
    predicted_approvals: count,
    /** Of commands that were accepted. */
    wrong_refusals: count,
    /** People of whom something would be refused. */
    users_affected: count,
  }),
  { decided: 100, predicted_approvals: 95, wrong_refusals: 5, users_affected: 1 },
);
export type Simulation = z.output<typeof simulationAnswer>;

/** The latest of the last 30 days. */
const MOST = 200_000;

const SIMULATE = {
  name: 'simulate-policy',
  text: `
    with rules as materialized (
      select * from json_to_recordset($2::json) as (
        resource_type text, allowed_roles json, min_confidence integer, step_up boolean, hours json)
    ), tried as (
      select d.user_id, d.accepted, d.count, (
        select bool_and(
          (r.allowed_roles::jsonb ? d.role) and d.confidence >= r.min_confidence and (not r.step_up or d.stepped_up)
          and (r.hours is null or case
            when (r.hours ->> 'from')::integer < (r.hours ->> 'to')::integer
              then d.hour >= (r.hours ->> 'from')::integer and d.hour < (r.hours ->> 'to')::integer
            else d.hour >= (r.hours ->> 'from')::integer or d.hour < (r.hours ->> 'to')::integer end))
        from rules r where r.resource_type in (d.command, split_part(d.command, '.', 1) || '.*')) as passes
      from (
        select * from policy_decisions
        where institution_id = $1 and slot > clock_timestamp() - interval '30 days'
        order by slot desc limit ${MOST}
      ) d
    )
    select coalesce(sum(count), 0)::float8 as decided,
      coalesce(sum(count) filter (where passes), 0)::float8 as predicted_approvals,
      coalesce(sum(count) filter (where not passes and accepted), 0)::float8 as wrong_refusals,
      (count(distinct user_id) filter (where not passes))::integer as users_affected
    from tried where passes is not null`,
};

/** @param db may be a reader's of the institution */
export async function simulate(db: Queryable, institution_id: string, rules: readonly Rule[]): Promise<Simulation> {
  const { rows } = await db.query<Simulation>({ ...SIMULATE, values: [institution_id, JSON.stringify(rules)] });
  return rows[0]!;
}
