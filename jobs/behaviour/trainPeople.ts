/**
 * A model for each person who is due and has enough telemetry. One login session is read at a time and reckoned with in a
 * thread of its own. It is counted what was done: where there is too little there is no model.
 */

import type { Whose } from '../../src/behaviour/consent/consent.ts';
import type { Vector } from '../../src/behaviour/features/features.ts';
import { LEAST_SESSIONS } from '../../src/behaviour/risk/baseline.ts';
import { readSent, readSessions, storeModel } from '../../src/behaviour/trained/model.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { JobTools } from '../job.ts';
import { openReckoner, type Reckoner } from './reckoner.ts';

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
const ONE = `select from telemetry_consents where institution_id = $1 and user_id = $2 and given and ${IS_ON}`;
const LOOKED_AT = `update telemetry_consents set looked_at = $3 where institution_id = $1 and user_id = $2`;

const noCounts = () => ({ trained: 0, too_few: 0 });

/** @param due finds people who were not looked at since the instant that it is given, a page of them at a time */
export async function trainPeople(tools: JobTools, due: string) {
  const began_at = await readClock(tools.pool);
  const counts = noCounts();
  const reckoner = openReckoner();
  try {
    for (;;) {
      const { rows } = await tools.pool.query<Whose>(due, [began_at]);
      if (rows.length === 0) return { ...counts, is_complete: true };
      for (const whose of rows) {
        const isTrained = tools.isOver() ? undefined : await train(tools, reckoner, whose);
        if (isTrained === undefined) return { ...counts, is_complete: false };
        counts[isTrained ? 'trained' : 'too_few'] += 1;
        await tools.progress(counts.trained + counts.too_few);
      }
    }
  } finally {
    await reckoner.close();
  }
}

/** @returns undefined where nobody agreed to it, or it is switched off */
export async function trainOne(tools: JobTools, whose: Whose) {
  const { rowCount } = await tools.pool.query(ONE, [whose.institution_id, whose.user_id]);
  if (rowCount === 0) return undefined;
  const reckoner = openReckoner();
  try {
    const isTrained = await train(tools, reckoner, whose);
    if (isTrained === undefined) return { ...noCounts(), is_complete: false };
    return { ...noCounts(), [isTrained ? 'trained' : 'too_few']: 1, is_complete: true };
  } finally {
    await reckoner.close();
  }
}

/** @returns whether there is a new model; undefined where there was no time */
async function train(
  { pool, cache, isOver }: JobTools,
  reckoner: Reckoner,
  whose: Whose,
): Promise<boolean | undefined> {
  const trained_at = await readClock(pool);
  const sessions = await readSessions(pool, whose);
  const vectors: Vector[] = [];
  if (sessions.length >= LEAST_SESSIONS) {
    for (const login_id of sessions) {
      if (isOver()) return undefined;
      vectors.push(await reckoner.reckon('vector', await readSent(pool, whose, login_id)));
    }
  }
  const baseline = vectors.length === 0 ? null : await reckoner.reckon('baseline', vectors);
  const isTrained =
    baseline !== null && (await inTransaction(pool, (db) => storeModel(db, whose, trained_at, baseline)));
  if (isTrained) await cache.invalidateUser(whose.user_id);
  await pool.query(LOOKED_AT, [whose.institution_id, whose.user_id, trained_at]);
  return isTrained;
}
