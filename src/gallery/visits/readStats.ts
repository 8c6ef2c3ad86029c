/**
 * How galleries were visited in the last days, for admins: of the own institution, or of all. An admin on the roster of a
 * session under way is shown nothing of its gallery.
 */
import { z } from 'zod';
import { onStage } from '../../access/onStage.ts';
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

/** Row by row to its session by its key: a day has few rows, and there are many sessions. */
const ofInstitution = (row: string, parameter: string) =>
  `(${parameter}::uuid is null or (select s.institution_id from courtroom_sessions s where s.id = ${row}.session_id) = ${parameter})`;

/** A person's own stage, as `stage`. */
const notOnStage = (row: string) => `${row}.session_id not in (select id from stage)`;

const DAILY = `
  with stage as materialized (${onStage('$3')})
  select day, visited.unique_visitors, visited.views, said.messages
  from (select coalesce($1, to_char((select clock_timestamp()) at time zone 'UTC', 'YYYY-MM-DD')) as day offset 0) asked
  cross join lateral (
    select count(distinct v.visitor)::integer as unique_visitors, coalesce(sum(v.views), 0)::integer as views
    from gallery_visits v where v.day = asked.day and ${notOnStage('v')} and ${ofInstitution('v', '$2')}) visited
  cross join lateral (
    select count(*)::integer as messages from gallery_messages m
    where m.posted_at >= asked.day::date::timestamp at time zone 'UTC'
      and m.posted_at < (asked.day::date + 1)::timestamp at time zone 'UTC'
      and ${notOnStage('m')} and ${ofInstitution('m', '$2')}) said`;

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
    const { rows } = await db.query<z.output<typeof dailyAnswer>>(DAILY, [
      query.day ?? null,
      institutionOf(actor),
      actor.id,
    ]);
    return rows[0];
  },
});

const sessionFigures = named('GallerySession', z.strictObject({ session_id: uuid, title: text, ...figures }), {
  ...{ session_id: EXAMPLE.event_id, title: 'Meridian v. Harbour Authority', unique_visitors: 48, messages: 31 },
  views: 1_804,
});

/** A visitor of two days is two: the hashes of different days are not comparable. */
const SESSIONS = `
  with stage as materialized (${onStage('$4')}), visited as materialized (
    select v.session_id, count(distinct v.visitor)::integer as unique_visitors, sum(v.views)::integer as views
    from gallery_visits v
    where v.day > to_char((select clock_timestamp()) at time zone 'UTC' - interval '${KEPT_DAYS} days', 'YYYY-MM-DD')
      and ($2::uuid is null or v.session_id > $2) and ${notOnStage('v')} and ${ofInstitution('v', '$1')}
    group by v.session_id order by v.session_id limit $3
  )
  select visited.*, (select title from courtroom_sessions s where s.id = visited.session_id) as title,
    (select count(*)::integer from gallery_messages m where m.session_id = visited.session_id
       and m.posted_at > (select clock_timestamp()) - interval '${KEPT_DAYS} days') as messages
  from visited order by session_id`;

export const readSessionStats = defineQuery({
  name: 'gallery.sessions',
  route: 'GET /api/gallery/stats/sessions',
  summary: 'The same by session, of the last seven days',
  roles: ADMINS,
  query: z.strictObject({ limit: wholeNumber(1, MAX_PAGE).default(50), after: id.optional() }),
  target: () => null,
  answer: listOf('GallerySessionList', sessionFigures),
  async read({ db, actor, query: { limit, after } }) {
    const values = [institutionOf(actor), after ?? null, limit + 1, actor.id];
    const { rows } = await db.query<z.output<typeof sessionFigures>>(SESSIONS, values);
    const items = rows.slice(0, limit);
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.session_id : null };
  },
});
