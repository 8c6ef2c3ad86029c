/** A model of a person: the baseline that risks are reckoned from. One of each person is active; those before it are kept for a month. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Behaviour, joined } from '../behaviour.ts';
import type { Whose } from '../consent/consent.ts';
import { featuresOf, type Vector } from '../features/features.ts';
import { BASELINE_DAYS, type Baseline, LEAST_SESSIONS, MOST_SESSIONS } from '../risk/baseline.ts';
import { LEAST_POINTS } from '../risk/risk.ts';

/** Of a login session the latest are enough: ten minutes of a browser that sends every half. */
const BATCHES_OF_SESSION = 20;
/** So that the features of one are reckoned within milliseconds. A batch has a quarter of it at most. */
const MOST_POINTS_OF_SESSION = 8_000;

const SESSIONS = {
  name: 'read-sessions-to-train-on',
  text: `
    select login_id from telemetry_batches
    where institution_id = $1 and user_id = $2
      and received_at > (select clock_timestamp()) - interval '${BASELINE_DAYS} days'
    group by login_id having sum(points) >= ${LEAST_POINTS} order by max(received_at) desc, login_id limit ${MOST_SESSIONS}`,
};
const BATCHES = {
  name: 'read-batches-of-session',
  text: `
    select started_at, behaviour from (
      select started_at, behaviour, sum(points) over (order by received_at desc, id desc) as points
      from telemetry_batches where login_id = $3 and institution_id = $1 and user_id = $2
      order by received_at desc, id desc limit $4
    ) latest
    where points <= ${MOST_POINTS_OF_SESSION}`,
};

interface Row {
  started_at: string;
  behaviour: Behaviour;
}

/** The latest batches of a login session as one. @param db of the worker */
export async function readBehaviour(
  db: Queryable,
  { institution_id, user_id }: Whose,
  login_id: string,
  batches = BATCHES_OF_SESSION,
): Promise<Behaviour> {
  return joined((await db.query<Row>({ ...BATCHES, values: [institution_id, user_id, login_id, batches] })).rows);
}

/**
 * The features of a person's login sessions, one session at a time, so that nothing else waits for long.
 * @param isOver asked before each @returns undefined where it was over before the end
 */
export async function readVectors(db: Queryable, whose: Whose, isOver: () => boolean): Promise<Vector[] | undefined> {
  const values = [whose.institution_id, whose.user_id];
  const { rows } = await db.query<{ login_id: string }>({ ...SESSIONS, values });
  if (rows.length < LEAST_SESSIONS) return [];
  const vectors: Vector[] = [];
  for (const { login_id } of rows) {
    if (isOver()) return undefined;
    vectors.push(featuresOf(await readBehaviour(db, whose, login_id)));
  }
  return vectors;
}

// A refusal since the reading began waits for this, or this finds no consent: no model outlives what it was made of.
const CONSENT = `
  select from telemetry_consents
  where institution_id = $1 and user_id = $2 and given and (withdrawn_at is null or withdrawn_at < $3) for update`;
const RETIRE = `update telemetry_models set is_active = false where institution_id = $1 and user_id = $2 and is_active`;
const STORE = `
  insert into telemetry_models (id, institution_id, user_id, trained_at, sessions, baseline)
  values (gen_random_uuid(), $1, $2, $3, $4, $5)`;

/** In a transaction. @param trained_at when the reading of what it was made of began @returns whether there was still consent */
export async function storeModel(
  db: Queryable,
  { institution_id, user_id }: Whose,
  trained_at: string,
  baseline: Baseline,
): Promise<boolean> {
  const consent = await db.query(CONSENT, [institution_id, user_id, trained_at]);
  if (consent.rowCount === 0) return false;
  await db.query(RETIRE, [institution_id, user_id]);
  await db.query(STORE, [institution_id, user_id, trained_at, baseline.sessions, JSON.stringify(baseline)]);
  return true;
}
