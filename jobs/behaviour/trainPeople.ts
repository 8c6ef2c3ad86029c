/**
 * A model for each person who is due and has enough telemetry. One login session is read at a time, and nothing waits
 * meanwhile but the job itself. It is counted what was done: where there is too little there is no model.
 */
import type { Whose } from '../../src/behaviour/consent/consent.ts';
import { baselineOf } from '../../src/behaviour/risk/baseline.ts';
import { readVectors, storeModel } from '../../src/behaviour/trained/model.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { JobTools } from '../job.ts';

const PEOPLE = 50;

/** Where telemetry is off nothing is reckoned. */
const IS_ON = 'exists (select from institution_settings s where s.id = institution_id and s.telemetry)';

export const EVERYBODY = `
  select institution_id, user_id from telemetry_consents
  where given and ${IS_ON} and (looked_at is null or looked_at < $1)
  order by looked_at nulls first, institution_id, user_id limit ${PEOPLE}`;
export const ASKED_FOR = `
  select institution_id, user_id from telemetry_consents
  where given and ${IS_ON} and train_asked_at is not null and (looked_at is null or looked_at < train_asked_at) and train_asked_at <= $1
  order by train_asked_at limit ${PEOPLE}`;
const LOOKED_AT = `update telemetry_consents set looked_at = $3 where institution_id = $1 and user_id = $2`;

/** @param due finds people who were not looked at since the instant that it is given, a page of them at a time */
export async function trainPeople(tools: JobTools, due: string) {
  const { pool, progress, isOver } = tools;
  const counts = { trained: 0, too_few: 0 };
  const began_at = await readClock(pool);
  for (;;) {
    const { rows } = await pool.query<Whose>(due, [began_at]);
    if (rows.length === 0) return { ...counts, is_complete: true };
    for (const whose of rows) {
      const isTrained = isOver() ? undefined : await train(tools, whose);
      if (isTrained === undefined) return { ...counts, is_complete: false };
      counts[isTrained ? 'trained' : 'too_few'] += 1;
      await progress(counts.trained + counts.too_few);
    }
  }
}

/** @returns whether there is a new model; undefined where there was no time */
async function train({ pool, isOver }: JobTools, whose: Whose): Promise<boolean | undefined> {
  const trained_at = await readClock(pool);
  const vectors = await readVectors(pool, whose, isOver);
  if (vectors === undefined) return undefined;
  const baseline = baselineOf(vectors);
  const isTrained =
    baseline !== null && (await inTransaction(pool, (db) => storeModel(db, whose, trained_at, baseline)));
  await pool.query(LOOKED_AT, [whose.institution_id, whose.user_id, trained_at]);
  return isTrained;
}
