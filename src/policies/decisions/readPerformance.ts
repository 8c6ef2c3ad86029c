/** What a policy has decided in the last seven days with the rules that it has: the report of what it would have refused. */
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import { count, named, text, uuid } from '../../core/definitions/answers.ts';
import { exampleId } from '../../core/definitions/exampleValues.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { MODES } from '../policy.ts';
import { findPolicy } from '../readPolicies.ts';
import { LACKS } from '../rule.ts';
import { OUTCOMES } from './decision.ts';
import { effectivenessOf } from './effectiveness.ts';

const DAYS = 7;
/** Lines of a report, those with the most decisions first. */
const MOST_LINES = 200;

const line = z.strictObject({
  command: text,
  outcome: z.enum(OUTCOMES),
  lacks: z.array(z.enum(LACKS)),
  /** Of decisions, and of people. */
  ...{ count, people: count },
});

const counts = { passed: count, would_refuse: count, refused: count, lifted: count };

const performanceAnswer = named(
  'PolicyPerformance',
  z.strictObject({
    ...{ id: uuid, version: count, mode: z.enum(MODES), days: count, ...counts },
    /** 0 to 100; 70 where nothing was decided. */
    effectiveness: count,
    decided: count,
    /** Within which it lies 19 times in 20; null where fewer than 30 were decided. */
    interval: z.strictObject({ from: count, to: count }).nullable(),
    report: z.array(line),
  }),
  {
    ...{ id: exampleId('21'), version: 1, mode: 'observe' as const, days: DAYS },
    ...{ passed: 95, would_refuse: 5, refused: 0, lifted: 0 },
    ...{ effectiveness: 95, decided: 100, interval: { from: 89, to: 98 } },
    report: [
      { command: 'turn.start', outcome: 'passed' as const, lacks: [], count: 95, people: 4 },
      { command: 'turn.start', outcome: 'would_refuse' as const, lacks: ['hours' as const], count: 5, people: 1 },
    ],
  },
);

const REPORT = {
  name: 'read-policy-outcomes',
  text: `
    select o.command, o.outcome, o.lacks, sum(o.count)::float8 as count, count(distinct o.user_id)::integer as people,
      coalesce(sum(o.count) filter (where exists (
        select from policy_overrides l where l.policy_id = o.policy_id and l.user_id = o.user_id)), 0)::float8 as lifted_later
    from policy_outcomes o
    where o.policy_id = $1 and o.version = $2 and o.slot > clock_timestamp() - $3 * interval '1 day'
    group by o.command, o.outcome, o.lacks order by count desc, o.command, o.outcome, o.lacks`,
};

interface Row extends Omit<z.output<typeof line>, 'lacks'> {
  lacks: string;
  lifted_later: number;
}

/** What is counted of a policy with the rules that it has. */
export async function readOutcomes(db: Queryable, policy: { id: string; version: number }) {
  const { rows } = await db.query<Row>({ ...REPORT, values: [policy.id, policy.version, DAYS] });
  const sum = (outcome: Row['outcome'], part: 'count' | 'lifted_later' = 'count') =>
    rows.filter((row) => row.outcome === outcome).reduce((total, row) => total + row[part], 0);
  const told = {
    passed: sum('passed'),
    would_refuse: sum('would_refuse'),
    refused: sum('refused'),
    lifted: sum('lifted'),
  };
  // A person for whom it was lifted was refused wrongly.
  const undone = sum('refused', 'lifted_later');
  const wrong = told.would_refuse + told.lifted + undone;
  return { told, rows, ...effectivenessOf({ passed: told.passed, wrong, refused: told.refused - undone }) };
}

export const readPerformance = defineQuery({
  name: 'policy.performance',
  route: 'GET /policies/:policy_id/performance',
  summary: 'What a policy decided in the last seven days with the rules that it has, and what it would have refused',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  answer: performanceAnswer,
  async read({ db, params: { policy_id } }) {
    const policy = await findPolicy(db, policy_id);
    if (!policy) return undefined;
    const { id, version, mode } = policy;
    const { told, rows, ...sure } = await readOutcomes(db, policy);
    const report = rows.slice(0, MOST_LINES).map(({ lifted_later: _, lacks, ...row }) => ({
      ...row,
      lacks: LACKS.filter((lack) => lacks.split(' ').includes(lack)),
    }));
    return { id, version, mode, days: DAYS, ...told, ...sure, report };
  },
});
