/** People who were seen, and what is known of them, a page at a time and in one statement: those who were seen within a day in institutions that have threats switched on. */
import { NIL_ID } from '../core/chain/ids.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import type { Known } from './features.ts';
import { REFUSED_CODES } from './rules.ts';

/** Of a page. */
export const PEOPLE = 100;

export interface Person {
  institution_id: string;
  user_id: string;
}

/** Before all others. */
export const NOBODY: Person = { institution_id: NIL_ID, user_id: NIL_ID };

const SEEN = {
  name: 'read-people-for-threats',
  text: `
    select l.institution_id, l.user_id, s.time_zone
    from logins l join institution_settings s on s.id = l.institution_id and s.telemetry
    where (l.institution_id, l.user_id) > ($1::uuid, $2::uuid) and l.last_seen > (select clock_timestamp()) - interval '24 hours'
    group by l.institution_id, l.user_id, s.time_zone order by l.institution_id, l.user_id limit ${PEOPLE}`,
};

/** Today are the 24 full hours that are over, and what is of the hour that runs. */
const KNOWN = {
  name: 'read-known-of-people',
  text: `
    with today as materialized (select date_trunc('hour', clock_timestamp()) - interval '24 hours' as since)
    select p.institution_id, p.user_id, a.*, r.*, w.*
    from unnest($1::uuid[], $2::uuid[], $3::text[]) as p (institution_id, user_id, time_zone)
    cross join today t
    cross join lateral (
      select coalesce(sum(count) filter (where slot >= t.since), 0)::integer as sent_today,
        coalesce(sum(count) filter (where slot >= t.since and extract(hour from slot at time zone p.time_zone) between 2 and 5),
          0)::integer as sent_at_night,
        coalesce(sum(count) filter (where slot >= t.since and not is_usual), 0)::integer as sent_elsewhere,
        coalesce(sum(count) filter (where slot < t.since), 0)::integer as sent_before,
        (count(distinct (slot at time zone p.time_zone)::date) filter (where slot < t.since))::integer as days_before
      from (
        select slot, count, bool_or(slot < t.since) over (partition by noun) as is_usual from threat_activity
        where institution_id = p.institution_id and user_id = p.user_id and slot >= t.since - interval '7 days') sent
    ) a
    cross join lateral (
      select count(*)::integer as refused_today from audit_entries e
      where e.user_id = p.user_id::text and e.owner = p.institution_id and e.recorded_at >= t.since
        and e.type = 'access_deny' and e.outcome = 'refused' and e.code = any($4)
    ) r
    cross join lateral (
      with places as materialized (
        select q.kind, q.mark, min(q.first_seen) as first_seen, max(q.last_seen) as last_seen
        from logins l join login_places q on q.login_id = l.id
        where l.institution_id = p.institution_id and l.user_id = p.user_id group by q.kind, q.mark
      ), alone as materialized (
        select q.mark from places q
        where q.kind = 'network' and q.last_seen >= t.since and not exists (
          select from login_places o join logins k on k.id = o.login_id
          where o.kind = 'network' and o.mark = q.mark and k.user_id <> p.user_id)
      )
      select (count(*) filter (where kind = 'network' and last_seen >= t.since))::integer as networks_today,
        (count(*) filter (where kind = 'network' and first_seen >= t.since))::integer as networks_new,
        coalesce(bool_or(kind = 'network' and first_seen < t.since), false) as has_known_network,
        (count(*) filter (where kind = 'device' and last_seen >= t.since))::integer as devices_today,
        case when exists (select from alone) then (
          select coalesce(sum(b.count), 0)::integer from alone n
          join threat_bad_signatures b on b.network = n.mark and b.minute >= t.since) end as bad_signatures
      from places
    ) w
    order by p.institution_id, p.user_id`,
};

export interface Seen extends Person {
  time_zone: string;
}

/** A page of them. @param after the last of the page before */
export async function readSeen(db: Queryable, { institution_id, user_id }: Person): Promise<Seen[]> {
  return (await db.query<Seen>({ ...SEEN, values: [institution_id, user_id] })).rows;
}

/** What is known of a page. */
export async function readKnown(db: Queryable, seen: readonly Seen[]): Promise<{ person: Person; known: Known }[]> {
  const columns = [
    seen.map((one) => one.institution_id),
    seen.map((one) => one.user_id),
    seen.map((one) => one.time_zone),
  ];
  const { rows } = await db.query<Person & Known>({ ...KNOWN, values: [...columns, REFUSED_CODES] });
  return rows.map(({ institution_id, user_id, ...known }) => ({ person: { institution_id, user_id }, known }));
}
