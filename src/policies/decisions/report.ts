/** What a policy has decided in the last seven days with the rules that it has, counted: what it would have refused stands there. */
import { z } from 'zod';
import { count, text } from '../../core/definitions/answers.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { LACKS } from '../rule.ts';
import { OUTCOMES, type Outcome } from './decision.ts';
import { DAYS, MOST_ROWS } from './effectiveness.ts';

/** Lines of a report, those with the most decisions first. */
const MOST_LINES = 200;

export const reportLine = z.strictObject({
  command: text,
  outcome: z.enum(OUTCOMES),
  lacks: z.array(z.enum(LACKS)),
  /** Of decisions, and of people. */
  ...{ count, people: count },
});
export type ReportLine = z.output<typeof reportLine>;

const REPORT = {
  name: 'read-policy-outcomes',
  text: `
    select command, outcome, lacks, sum(count)::float8 as count, count(distinct user_id)::integer as people
    from (
      select command, outcome, lacks, count, user_id from policy_outcomes
      where policy_id = $1 and version = $2 and slot > (select clock_timestamp()) - interval '${DAYS} days'
      order by slot desc limit ${MOST_ROWS}
    ) latest
    group by command, outcome, lacks order by count desc, command, outcome, lacks`,
};

type Row = Omit<ReportLine, 'lacks'> & { lacks: string };

/** @param db may be a reader's of the institution */
export async function readReport(db: Queryable, policy: { id: string; version: number }) {
  const { rows } = await db.query<Row>({ ...REPORT, values: [policy.id, policy.version] });
  const sumOf = (outcome: Outcome) =>
    rows.filter((row) => row.outcome === outcome).reduce((total, row) => total + row.count, 0);
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sumOf(outcome)])) as Record<Outcome, number>;
  const report = rows.slice(0, MOST_LINES).map(({ lacks, ...row }) => ({
    ...row,
    lacks: LACKS.filter((lack) => lacks.split(' ').includes(lack)),
  }));
  return { ...counts, report };
}
