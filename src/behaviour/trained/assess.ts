/** The risk of login sessions, reckoned from the active model of each person and what was sent last, and stored with its parts. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { pointsOf } from '../behaviour.ts';
import type { Whose } from '../consent/consent.ts';
import { featuresOf } from '../features/features.ts';
import type { Baseline } from '../risk/baseline.ts';
import { assessRisk, type Risk } from '../risk/risk.ts';
import { readBehaviour } from './model.ts';

/** Two or three minutes of a browser that sends every half. */
const LATEST_BATCHES = 6;

export interface ActiveLogin extends Whose {
  login_id: string;
  first_at: string;
  last_at: string;
  time_zone: string;
  auto_terminate: boolean;
  baseline: Baseline | null;
}

// Those that sent something since they were last judged, in institutions that have it switched on, of people who agree.
const ACTIVE = {
  name: 'read-logins-to-judge',
  text: `
    select b.login_id, b.institution_id, b.user_id, b.last_at, s.time_zone, s.auto_terminate, m.baseline,
      (select min(f.received_at) from telemetry_batches f
        where f.login_id = b.login_id and f.institution_id = b.institution_id and f.user_id = b.user_id) as first_at
    from (
      select login_id, institution_id, user_id, max(received_at) as last_at from telemetry_batches
      where received_at > (select clock_timestamp()) - interval '5 minutes'
      group by login_id, institution_id, user_id
    ) b
    join institution_settings s on s.id = b.institution_id and s.telemetry
    join telemetry_consents c on c.institution_id = b.institution_id and c.user_id = b.user_id and c.given
    left join telemetry_models m on m.institution_id = b.institution_id and m.user_id = b.user_id and m.is_active
    left join telemetry_risks r on r.login_id = b.login_id and r.institution_id = b.institution_id and r.user_id = b.user_id
    where r.login_id is null or r.last_at < b.last_at
    order by r.last_at nulls first, b.login_id limit $1`,
};

/** Those first who waited longest: what there was no time for comes first in the next run. */
export async function readActive(db: Queryable, limit: number): Promise<ActiveLogin[]> {
  return (await db.query<ActiveLogin>({ ...ACTIVE, values: [limit] })).rows;
}

const STORE = {
  name: 'store-risk',
  text: `
    with consent as materialized (
      select from telemetry_consents where institution_id = $2 and user_id = $3 and given for share
    )
    insert into telemetry_risks (login_id, institution_id, user_id, assessed_at, last_at, risk)
    select $1, $2, $3, clock_timestamp(), $4, $5 from consent
    on conflict (login_id, institution_id, user_id) do update
      set assessed_at = excluded.assessed_at, last_at = excluded.last_at, risk = excluded.risk`,
};

/** @param db of the worker */
export async function assessLogin(db: Queryable, login: ActiveLogin): Promise<Risk> {
  const { login_id, institution_id, user_id, first_at, last_at: at, time_zone: zone, auto_terminate } = login;
  const behaviour = await readBehaviour(db, login, login_id, LATEST_BATCHES);
  const observed = { vector: featuresOf(behaviour), points: pointsOf(behaviour), at, zone, auto_terminate };
  const risk = assessRisk(login.baseline, { ...observed, lasted_ms: Date.parse(at) - Date.parse(first_at) });
  await db.query({ ...STORE, values: [login_id, institution_id, user_id, at, JSON.stringify(risk)] });
  return risk;
}
