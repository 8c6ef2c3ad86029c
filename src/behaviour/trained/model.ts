/** A model of a person: the baseline that risks are reckoned from. One of each person is active; those before it are kept for a month. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Sent } from '../behaviour.ts';
import type { Whose } from '../consent/consent.ts';
import { BASELINE_DAYS, type Baseline, MOST_SESSIONS } from '../risk/baseline.ts';
import { LEAST_POINTS } from '../risk/risk.ts';

/** Of a login session the latest are enough: ten minutes of a browser that sends every half. */
const BATCHES_OF_SESSION = 20;
/** So that the features of one are reckoned within milliseconds. A batch has a quarter of it at most. */
export const MOST_POINTS_OF_SESSION = 8_000;

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
    select started_at, behaviour::text from (
      select started_at, behaviour, sum(points) over (order by received_at desc, id desc) as points
      from telemetry_batches where login_id = $3 and institution_id = $1 and user_id = $2
      order by received_at desc, id desc limit $4
    ) latest
    where points <= ${MOST_POINTS_OF_SESSION}`,
};

/** The login sessions of the last days that have enough to train on, the latest first. @param db of the worker */
export async function readSessions(db: Queryable, { institution_id, user_id }: Whose): Promise<string[]> {
  const { rows } = await db.query<{ login_id: string }>({ ...SESSIONS, values: [institution_id, user_id] });
  return rows.map(({ login_id }) => login_id);
}

/** What a login session sent last. @param db of the worker */
export async function readSent(db: Queryable, { institution_id, user_id }: Whose, login_id: string): Promise<Sent[]> {
  return (await db.query<Sent>({ ...BATCHES, values: [institution_id, user_id, login_id, BATCHES_OF_SESSION] })).rows;
}

const MODELS = { name: 'read-models', text: 'select id, baseline from telemetry_models where id = any($1::uuid[])' };

export interface Model {
  id: string;
  baseline: Baseline;
}

/** @param db of the worker */
export async function readModels(db: Queryable, ids: readonly string[]): Promise<Model[]> {
  return (await db.query<Model>({ ...MODELS, values: [ids] })).rows;
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
