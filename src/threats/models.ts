/**
 * A threat model of an institution: of each feature, whether its indicators weigh one more or one less there, by what admins
 * said of threats in which they stood. Nothing is learnt that could not be read off these counts.
 */
import type { Queryable } from '../core/sql/queryable.ts';
import { intervalOf } from '../core/wilsonInterval.ts';
import type { FeatureName } from './features.ts';
import type { Shifts } from './predict.ts';
import { WEIGHS_LESS_BELOW, WEIGHS_MORE_ABOVE } from './rules.ts';
import { KEPT_DAYS, RIGHT } from './threat.ts';

/** How often threats were right in which a feature stood out. */
export interface Label {
  feature: FeatureName;
  n: number;
  correct: number;
}

/** Where it is sure, by the whole of its interval. */
export function shiftsOf(labels: readonly Label[]): Shifts {
  const shifts: Shifts = {};
  for (const { feature, n, correct } of labels) {
    const interval = intervalOf(correct, n);
    if (interval === null) continue;
    if (interval.to < WEIGHS_LESS_BELOW) shifts[feature] = -1;
    if (interval.from > WEIGHS_MORE_ABOVE) shifts[feature] = 1;
  }
  return shifts;
}

const LABELLED = `found_by = 'features' and status <> 'pending' and decided_at > clock_timestamp() - interval '${KEPT_DAYS} days'`;

const COUNTS = {
  name: 'count-threat-labels',
  text: `select count(*)::integer as labels from threat_predictions where institution_id = $1 and ${LABELLED}`,
};
const LABELS = {
  name: 'read-threat-labels',
  text: `
    select i ->> 'feature' as feature, count(*)::integer as n, (count(*) filter (where status = any($2)))::integer as correct
    from threat_predictions, json_array_elements(evidence -> 'indicators') i
    where institution_id = $1 and ${LABELLED} group by 1 order by 1`,
};

export async function countLabels(db: Queryable, institution_id: string): Promise<number> {
  return (await db.query<{ labels: number }>({ ...COUNTS, values: [institution_id] })).rows[0]!.labels;
}

export async function readLabels(db: Queryable, institution_id: string): Promise<Label[]> {
  return (await db.query<Label>({ ...LABELS, values: [institution_id, RIGHT] })).rows;
}

const STORE = {
  name: 'store-threat-model',
  text: `
    insert into threat_models (institution_id, trained_at, labels, shifts) values ($1, clock_timestamp(), $2, $3)
    on conflict (institution_id) do update
      set trained_at = excluded.trained_at, labels = excluded.labels, shifts = excluded.shifts`,
};

/** The one before it goes. @param db of role `worker` */
export async function storeModel(db: Queryable, institution_id: string, labels: number, shifts: Shifts): Promise<void> {
  await db.query({ ...STORE, values: [institution_id, labels, JSON.stringify(shifts)] });
}

const READ = {
  name: 'read-threat-models',
  text: 'select institution_id, shifts from threat_models where institution_id = any($1::uuid[])',
};

/** By institution; those that have none weigh as the rules say. */
export async function readShifts(db: Queryable, institution_ids: readonly string[]): Promise<Map<string, Shifts>> {
  const values = [[...new Set(institution_ids)]];
  const { rows } = await db.query<{ institution_id: string; shifts: Shifts }>({ ...READ, values });
  return new Map(rows.map(({ institution_id, shifts }) => [institution_id, shifts]));
}
