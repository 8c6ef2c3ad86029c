/** The risk of login sessions, reckoned from the active model of each person and what was sent last, and stored with its parts. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { behaviourOf, pointsOf, type Sent } from '../behaviour.ts';
import type { Whose } from '../consent/consent.ts';
import { featuresOf } from '../features/features.ts';
import type { Baseline } from '../risk/baseline.ts';
import { assessRisk, type Risk } from '../risk/risk.ts';
import { MOST_POINTS_OF_SESSION } from './model.ts';

/** Two or three minutes of a browser that sends every half. */
const LATEST_BATCHES = 6;
const ACTIVE_MINUTES = 5;

export interface ActiveLogin extends Whose {
  login_id: string;
  first_at: string;
  last_at: string;
  time_zone: string;
  auto_terminate: boolean;
  /** Of the person; null where there is none. */
  model_id: string | null;
  /** As it was judged last; null where it was not. */
  before: Risk | null;
}

/** Of login sessions `b`, in institutions that have it switched on, of people who agree. */
const FACTS = `
    join institution_settings s on s.id = b.institution_id and s.telemetry
    join telemetry_consents c on c.institution_id = b.institution_id and c.user_id = b.user_id and c.given
    left join telemetry_models m on m.institution_id = b.institution_id and m.user_id = b.user_id and m.is_active
    left join telemetry_risks r on r.login_id = b.login_id and r.institution_id = b.institution_id and r.user_id = b.user_id`;
const COLUMNS =
  'b.login_id, b.institution_id, b.user_id, b.last_at, s.time_zone, s.auto_terminate, m.id as model_id, r.risk as before';

// Those that sent something since they were last judged.
const ACTIVE = {
  name: 'read-logins-to-judge',
  text: `
    select ${COLUMNS},
      (select min(f.received_at) from telemetry_batches f where f.login_id = b.login_id) as first_at
    from (
      select login_id, institution_id, user_id, max(received_at) as last_at from telemetry_batches
      where received_at > $1::timestamptz - interval '${ACTIVE_MINUTES} minutes'
      group by login_id, institution_id, user_id
    ) b ${FACTS}
    where r.login_id is null or r.last_at < b.last_at
    order by r.last_at nulls first, b.login_id limit $2`,
};

/** Those first who waited longest: what there was no time for comes first in the next run. @param now RFC 3339, by the database's clock */
export async function readActive(db: Queryable, now: string, limit: number): Promise<ActiveLogin[]> {
  return (await db.query<ActiveLogin>({ ...ACTIVE, values: [now, limit] })).rows;
}

const ONE = {
  name: 'read-login-to-judge',
  text: `
    select ${COLUMNS}, b.first_at from (
      select login_id, institution_id, user_id, max(received_at) as last_at, min(received_at) as first_at
      from telemetry_batches where login_id = $1 group by login_id, institution_id, user_id
    ) b ${FACTS}
    order by b.last_at desc limit 1`,
};

/** Whenever it sent something last. @returns undefined where nothing may be said of it */
export async function findLogin(db: Queryable, login_id: string): Promise<ActiveLogin | undefined> {
  return (await db.query<ActiveLogin>({ ...ONE, values: [login_id] })).rows[0];
}

const LATEST = {
  name: 'read-latest-batches',
  text: `
    select asked.place::int - 1 as place, latest.started_at, latest.behaviour::text
    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as asked (login_id, institution_id, user_id, place)
    cross join lateral (
      select started_at, behaviour, sum(points) over (order by received_at desc, id desc) as points
      from telemetry_batches b
      where b.login_id = asked.login_id and b.institution_id = asked.institution_id and b.user_id = asked.user_id
      order by received_at desc, id desc limit ${LATEST_BATCHES}
    ) latest
    where latest.points <= ${MOST_POINTS_OF_SESSION}`,
};

const columnsOf = (logins: readonly ActiveLogin[]) => [
  logins.map(({ login_id }) => login_id),
  logins.map(({ institution_id }) => institution_id),
  logins.map(({ user_id }) => user_id),
];

/** What each of them sent last, in their order. @param db of the worker */
export async function readLatest(db: Queryable, logins: readonly ActiveLogin[]): Promise<Sent[][]> {
  const { rows } = await db.query<Sent & { place: number }>({ ...LATEST, values: columnsOf(logins) });
  const sent: Sent[][] = logins.map(() => []);
  for (const { place, ...batch } of rows) sent[place]!.push(batch);
  return sent;
}

/** Pure. */
export function riskOfLogin(login: ActiveLogin, sent: readonly Sent[], baseline: Baseline | null): Risk {
  const { first_at, last_at: at, time_zone: zone, auto_terminate } = login;
  const behaviour = behaviourOf(sent);
  const observed = { vector: featuresOf(behaviour), points: pointsOf(behaviour), at, zone, auto_terminate };
  return assessRisk(baseline, { ...observed, lasted_ms: Date.parse(at) - Date.parse(first_at) });
}

export interface Assessed {
  login: ActiveLogin;
  risk: Risk;
}

// Of whoever refused meanwhile nothing is stored. What a crash of Postgres loses is reckoned again, so the commit waits for no disk.
const STORE = {
  name: 'store-risks',
  text: `
    with unhurried as materialized (select set_config('synchronous_commit', 'off', true)), consent as materialized (
      select c.institution_id, c.user_id from telemetry_consents c
      where (c.institution_id, c.user_id) in (select * from unnest($2::uuid[], $3::uuid[])) and c.given for share
    )
    insert into telemetry_risks (login_id, institution_id, user_id, assessed_at, last_at, risk)
    select a.login_id, institution_id, user_id, clock_timestamp(), a.last_at, a.risk
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::json[])
      as a (login_id, institution_id, user_id, last_at, risk)
    join consent using (institution_id, user_id) cross join unhurried
    on conflict (login_id, institution_id, user_id) do update
      set assessed_at = excluded.assessed_at, last_at = excluded.last_at, risk = excluded.risk`,
};

/** @param db of the worker */
export async function storeRisks(db: Queryable, assessed: readonly Assessed[]): Promise<void> {
  const logins = assessed.map(({ login }) => login);
  const risks = assessed.map(({ risk }) => JSON.stringify(risk));
  await db.query({ ...STORE, values: [...columnsOf(logins), logins.map(({ last_at }) => last_at), risks] });
}
