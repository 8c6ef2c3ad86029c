/** What the three detectors look at: counts of the last hour, or day, in portions. */
import type { Queryable } from '../core/sql/queryable.ts';
import { DETECTORS, ESCALATION_CODES, REFUSED_CODES } from './rules.ts';

/** Those with the most come first; what is beyond is found again while it goes on. */
const MOST = 500;

/** The fullest hour of the last two: what began before one run and ended after it is seen whole by the next. */
const FROM_ADDRESSES = {
  name: 'read-bad-signatures',
  text: `
    select address, max(failures)::integer as failures from (
      select address, sum(count) over (partition by address order by minute
        range between interval '${DETECTORS.brute_force.within_minutes - 1} minutes' preceding and current row) as failures
      from threat_bad_signatures
      where minute > (select clock_timestamp() - interval '${2 * DETECTORS.brute_force.within_minutes} minutes')
    ) hours
    group by address having max(failures) >= $1 order by failures desc, address limit ${MOST}`,
};

/** Addresses with at least so many bad signatures. */
export async function readFromAddresses(db: Queryable): Promise<{ address: string; failures: number }[]> {
  const values = [DETECTORS.brute_force.failures];
  return (await db.query<{ address: string; failures: number }>({ ...FROM_ADDRESSES, values })).rows;
}

const INSTITUTIONS = {
  name: 'read-institutions-for-threats',
  text: 'select id from institution_settings where telemetry and id > $1 order by id limit 100',
};

/** A page of those that have threats switched on. */
export async function readInstitutions(db: Queryable, after: string): Promise<string[]> {
  return (await db.query<{ id: string }>({ ...INSTITUTIONS, values: [after] })).rows.map(({ id }) => id);
}

/** As a uuid, so that an index leads to it; null of what is none: the trail has other senders too. */
const PERSON = `case when r.user_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then r.user_id::uuid end`;

/** In the trail of `$1`, for one of the codes `$2`. */
const IS_REFUSAL = `owner = $1 and type = 'access_deny' and outcome = 'refused' and code = any($2)`;

/** Since the beginning of the hour of the third refusal from behind, which may be more than was sent since, and never less. */
const OF_PEOPLE = {
  name: 'read-refused-people',
  text: `
    select r.user_id, $3::integer as refused, (
        select coalesce(sum(a.count), 0)::integer from threat_activity a
        where a.institution_id = $1 and a.user_id = ${PERSON} and a.slot >= date_trunc('hour', r.happened_at)) as sent_since
    from (
      select user_id, happened_at, row_number() over (partition by user_id order by happened_at desc, id) as n
      from audit_entries
      where ${IS_REFUSAL} and recorded_at > (select clock_timestamp() - interval '24 hours')
    ) r
    where r.n = $3 order by r.happened_at desc, r.user_id limit ${MOST}`,
};

export interface RefusedPerson {
  user_id: string;
  refused: number;
  sent_since: number;
}

/** People whose role did not suffice so many times within a day. */
export async function readRefusedPeople(db: Queryable, institution_id: string): Promise<RefusedPerson[]> {
  const values = [institution_id, ESCALATION_CODES, DETECTORS.privilege_escalation.refused];
  return (await db.query<RefusedPerson>({ ...OF_PEOPLE, values })).rows;
}

const OF_ROUTES = {
  name: 'read-refused-routes',
  text: `
    select action as route, count(distinct user_id)::integer as people, sum(count)::integer as tries from audit_entries
    where ${IS_REFUSAL} and recorded_at > (select clock_timestamp() - interval '${DETECTORS.coordinated.within_minutes} minutes')
    group by action having count(distinct user_id) >= $3 order by tries desc, action limit ${MOST}`,
};

export interface RefusedRoute {
  route: string;
  people: number;
  tries: number;
}

/** Routes that were refused to several people. */
export async function readRefusedRoutes(db: Queryable, institution_id: string): Promise<RefusedRoute[]> {
  const values = [institution_id, REFUSED_CODES, DETECTORS.coordinated.people];
  return (await db.query<RefusedRoute>({ ...OF_ROUTES, values })).rows;
}
