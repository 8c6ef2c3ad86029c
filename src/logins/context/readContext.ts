/** What is known of a login session for its context, in one statement that goes by keys and looks at few rows, whoever asks. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { ContextFacts } from './context.ts';
import type { Place } from './travel.ts';

/** A login session, and where it is used from, by hashes. Null: where it was seen last. */
export interface Judged {
  id: string;
  user_id: string;
  institution_id: string | null;
  device: string | null;
  network: string | null;
  place: Place | null;
}

const MOST_LOGINS = 50;
const MOST_PLACES = 100;

// The latest others of the person first. What was seen of one that somebody ended may be a thief's, and makes nothing known.
const READ = {
  name: 'read-login-context',
  text: `
    with others as materialized (
      select l.id, e.login_id is not null as was_ended, e.asked_by = l.user_id::text as by_person
      from logins l left join login_ends e on e.login_id = l.id
      where l.user_id = $2 and l.institution_id is not distinct from $3 and l.id <> $1
      order by l.first_seen desc, l.id desc limit ${MOST_LOGINS}
    ), marks as materialized (
      select kind, coalesce(case kind when 'device' then $4::text else $5::text end, (
        select p.mark from login_places p where p.login_id = $1 and p.kind = k.kind order by p.last_seen desc, p.mark limit 1
      )) as mark
      from (values ('device'), ('network')) as k (kind)
    ), known as materialized (
      select kind, case when mark is not null then exists (
        select from others o join login_places p on p.login_id = o.id and p.kind = m.kind and p.mark = m.mark
        where not o.was_ended) end as is_known
      from marks m
    )
    select extract(epoch from clock_timestamp()) * 1000 as now,
      (select time_zone from institution_settings where id = $3) as time_zone,
      (select count(*)::integer from others where not was_ended) as others,
      (select is_known from known where kind = 'device') as knows_device,
      (select is_known from known where kind = 'network') as knows_network,
      exists (select from login_ends where login_id = $1) as is_ending,
      (select count(*)::integer from others where was_ended and not by_person) as ended_by_others,
      (select count(*)::integer from others where by_person) as ended_by_person,
      (select coalesce(json_agg(s), '[]') from (
        select p.latitude_tenths, p.longitude_tenths, p.login_id = $1 as is_own, coalesce(o.was_ended, false) as was_ended,
          extract(epoch from p.first_seen) * 1000 as first_at, extract(epoch from p.last_seen) * 1000 as last_at
        from (select $1::uuid as id, null::boolean as was_ended union all select id, was_ended from others) o
        join login_locations p on p.login_id = o.id
        order by p.last_seen desc, p.login_id, p.latitude_tenths, p.longitude_tenths limit ${MOST_PLACES}) s) as places`,
};

interface Row extends Omit<ContextFacts, 'now' | 'here' | 'seen' | 'usual'> {
  now: string;
  places: (Place & { is_own: boolean; was_ended: boolean; first_at: number; last_at: number })[];
}

/** @param db of role `door` */
export async function readContext(db: Queryable, judged: Judged): Promise<ContextFacts> {
  const { id, user_id, institution_id, device, network, place } = judged;
  const { rows } = await db.query<Row>({ ...READ, values: [id, user_id, institution_id, device, network] });
  const { places, now, ...known } = rows[0]!;
  const here = place ?? places.find(({ is_own }) => is_own) ?? null;
  const at = Number(now);
  const noted = places.flatMap(({ first_at, last_at, ...rest }) => [first_at, last_at].map((at) => ({ ...rest, at })));
  return {
    ...{ ...known, now: at, here },
    seen: place ? [...noted, { ...place, at, is_own: true }] : noted,
    usual: places.filter(({ is_own, was_ended }) => !is_own && !was_ended),
  };
}
