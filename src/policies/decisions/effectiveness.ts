/** How often a policy was right, in per cent, with how sure that is. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Interval, intervalOf } from '../../core/wilsonInterval.ts';

export interface Told {
  right: number;
  wrong: number;
}

export interface Effectiveness {
  /** 0 to 100; 70 where nothing was decided. */
  effectiveness: number;
  decided: number;
  /** Within which it lies 19 times in 20; null where too few were decided. */
  interval: Interval | null;
}

/** Of what is looked at. */
export const DAYS = 7;
/** Rows of decisions, the latest. */
export const MOST_ROWS = 200_000;

const NOTHING_KNOWN = 70;

export function effectivenessOf({ right, wrong }: Told): Effectiveness {
  const decided = right + wrong;
  if (decided === 0) return { effectiveness: NOTHING_KNOWN, decided, interval: null };
  return { effectiveness: Math.round((right * 100) / decided), decided, interval: intervalOf(right, decided) };
}

// What somebody said of a decision counts first. Else what passed was right, and what was refused, unless the policy was
// lifted for that person; what would have been refused was accepted, and nobody had anything against it.
const TOLD = {
  name: 'weigh-policy-outcomes',
  text: `
    with latest as materialized (
      select user_id, outcome, correct, count from policy_outcomes
      where policy_id = $1 and version = $2 and slot > (select clock_timestamp()) - interval '${DAYS} days'
      order by slot desc limit ${MOST_ROWS}
    ), lifted as materialized (
      select distinct user_id from policy_overrides where policy_id = $1
    ), weighed as (
      select count, coalesce(correct, outcome = 'passed'
        or (outcome = 'refused' and user_id not in (select user_id from lifted))) as is_right
      from latest
    )
    select coalesce(sum(count) filter (where is_right), 0)::float8 as right,
      coalesce(sum(count) filter (where not is_right), 0)::float8 as wrong
    from weighed`,
};

/** Of a policy with the rules that it has. @param db may be a reader's of the institution */
export async function readEffectiveness(
  db: Queryable,
  policy: { id: string; version: number },
): Promise<Effectiveness> {
  const { rows } = await db.query<Told>({ ...TOLD, values: [policy.id, policy.version] });
  return effectivenessOf(rows[0]!);
}
