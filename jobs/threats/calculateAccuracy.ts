/** How often threats of 30 days were right, by what admins said of them: once a day, for each institution and for all. */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import { accuracyOf, isWarnedOf, OF_ALL, type Resolved } from '../../src/threats/accuracy.ts';
import { ACCURACY_DAYS } from '../../src/threats/rules.ts';
import { RIGHT } from '../../src/threats/threat.ts';
import { defineJob, type JobTools } from '../job.ts';
import { notify } from '../notices/notify.ts';

const INSTITUTIONS = 500;

const RESOLVED = `status <> 'pending' and decided_at > (select clock_timestamp()) - interval '${ACCURACY_DAYS} days'`;
const COUNTS = `count(*)::integer as resolved, (count(*) filter (where status = any($1)))::integer as correct`;
const ALL = `select '${OF_ALL}' as institution_id, ${COUNTS} from threat_predictions where ${RESOLVED}`;
const OF_EACH = `
  select institution_id, ${COUNTS} from threat_predictions where institution_id > $2 and ${RESOLVED}
  group by institution_id order by institution_id limit ${INSTITUTIONS}`;
const STORE = `
  insert into threat_accuracies (institution_id, reckoned_at, resolved, correct)
  select institution_id, clock_timestamp(), resolved, correct
  from json_to_recordset($1) as l (institution_id uuid, resolved integer, correct integer)
  on conflict (institution_id) do update
    set reckoned_at = excluded.reckoned_at, resolved = excluded.resolved, correct = excluded.correct`;

interface Counted extends Resolved {
  institution_id: string;
}

export const calculateAccuracy = defineJob({
  name: 'calculate_prediction_accuracy',
  summary: `Reckons how often threats of ${ACCURACY_DAYS} days were right, and warns admins where it is too seldom`,
  most_ms: 5 * 60_000,
  async run(tools) {
    const { pool, isOver } = tools;
    const { rows: all } = await pool.query<Counted>(ALL, [RIGHT]);
    let warned = await keep(tools, all);
    let institutions = 0;
    for (let after: string = NIL_ID; ; ) {
      if (isOver()) return { institutions, warned, is_complete: false };
      const { rows } = await pool.query<Counted>(OF_EACH, [RIGHT, after]);
      warned += await keep(tools, rows);
      institutions += rows.length;
      if (rows.length < INSTITUTIONS) return { institutions, warned, is_complete: true };
      after = rows.at(-1)!.institution_id;
    }
  },
});

/** @returns how many were warned of that were not on this day before */
async function keep({ pool, broadcast, slot }: JobTools, rows: readonly Counted[]): Promise<number> {
  if (rows.length > 0) await pool.query(STORE, [JSON.stringify(rows)]);
  const notices = rows.filter(isWarnedOf).map((row) => {
    const { accuracy, n, interval } = accuracyOf(row);
    const sure = `between ${interval!.from} and ${interval!.to} per cent, by ${n} outcomes of ${ACCURACY_DAYS} days`;
    const text = `Threats that were found are right in ${accuracy} per cent only (${sure}). Look at GET /threats.`;
    const key = `threat accuracy ${slot.slice(0, 10)}`;
    const admins = row.institution_id === OF_ALL ? null : row.institution_id;
    return { to: { admins }, kind: 'notice', key, text } as const;
  });
  return notify(pool as never, quietly(broadcast), notices);
}
