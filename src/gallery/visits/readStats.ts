/** How galleries were visited in the last days, for admins: of the own institution, or of all. */
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import { count, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { MAX_PAGE } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { id, wholeNumber } from '../../core/definitions/schemas.ts';
import { KEPT_DAYS } from './visit.ts';

const figures = { unique_visitors: count, messages: count, views: count };

const dailyAnswer = named('GalleryDay', z.strictObject({ day: text, ...figures }), {
  ...{ day: '2026-09-24', unique_visitors: 120, messages: 31, views: 1_804 },
});

const DAILY = `
  select day.day, count(distinct v.visitor)::integer as unique_visitors, coalesce(sum(v.views), 0)::integer as views,
    (select count(*)::integer from gallery_messages m join courtroom_sessions s on s.id = m.session_id
     where m.posted_at >= day.day::date at time zone 'UTC' and m.posted_at < (day.day::date + 1) at time zone 'UTC'
       and ($2::uuid is null or s.institution_id = $2)) as messages
  from (select coalesce($1, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD')) as day) day
  left join (gallery_visits v join courtroom_sessions s on s.id = v.session_id)
    on v.day = day.day and ($2::uuid is null or s.institution_id = $2)
  group by day.day`;

/** For a super_admin null: everything. */
const institutionOf = ({ institution_id }: { institution_id: string | null }) => institution_id;

export const readDailyStats = defineQuery({
  name: 'gallery.daily',
  route: 'GET /api/gallery/stats/daily',
  summary: 'How many different people read galleries on a day (UTC), and how much was said; kept for seven days',
  roles: ADMINS,
  query: z.strictObject({ day: z.iso.date().optional() }),
  target: () => null,
  answer: dailyAnswer,
  async read({ db, actor, query }) {
    const { rows } = await db.query<z.output<typeof dailyAnswer>>(DAILY, [query.day ?? null, institutionOf(actor)]);
    return rows[0];
  },
});

const sessionFigures = named('GallerySession', z.strictObject({ session_id: uuid, title: text, ...figures }), {
  ...{ session_id: EXAMPLE.event_id, title: 'Meridian v. Harbour Authority', unique_visitors: 48, messages: 31 },
  views: 1_804,
});

/** A visitor of two days is two: the hashes of different days are not comparable. */
const SESSIONS = `
  select s.id as session_id, s.title, count(distinct v.visitor)::integer as unique_visitors,
    sum(v.views)::integer as views,
    (select count(*)::integer from gallery_messages m where m.session_id = s.id
       and m.posted_at > clock_timestamp() - interval '${KEPT_DAYS} days') as messages
  from gallery_visits v join courtroom_sessions s on s.id = v.session_id
  where v.day > to_char((select clock_timestamp()) at time zone 'UTC' - interval '${KEPT_DAYS} days', 'YYYY-MM-DD')
    and ($1::uuid is null or s.institution_id = $1) and s.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
  group by s.id, s.title order by s.id limit $3`;

export const readSessionStats = defineQuery({
  name: 'gallery.sessions',
  route: 'GET /api/gallery/stats/sessions',
  summary: 'The same by session, of the last seven days',
  roles: ADMINS,
  query: z.strictObject({ limit: wholeNumber(1, MAX_PAGE).default(50), after: id.optional() }),
  target: () => null,
  answer: listOf('GallerySessionList', sessionFigures),
  async read({ db, actor, query: { limit, after } }) {
    const values = [institutionOf(actor), after ?? null, limit + 1];
    const { rows } = await db.query<z.output<typeof sessionFigures>>(SESSIONS, values);
    const items = rows.slice(0, limit);
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.session_id : null };
  },
});
