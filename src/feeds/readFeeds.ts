/** Reading feeds with how they are: one, and those of an institution, the newest first. */
import { z } from 'zod';
import { isUuid } from '../core/chain/ids.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import type { FeedPace } from '../core/definitions/outside.ts';
import { pageOf, pageQuery, withinPage } from '../core/definitions/page.ts';
import { defineLongQuery, NO_QUERY } from '../core/definitions/query.ts';
import { instant, id as uuid } from '../core/definitions/schemas.ts';
import type { Feed } from './feed.ts';
import { factsOf, feedAnswer, feedList } from './feedAnswers.ts';

/** All but what is not in Postgres. */
type Read = Omit<z.output<typeof feedAnswer>, keyof FeedPace>;
type Row = Feed & Pick<Read, 'last_sync' | 'conflicts' | 'unresolved'>;

/** Row security leaves those of the reader's institution. */
const FEEDS = `
  select f.id, f.institution_id, f.provider, f.name, f.base_url, f.tournament, f.visibility, f.state, f.created_at,
    s.last_sync, coalesce(s.unresolved, 0) as unresolved, coalesce((
      select json_agg(json_build_object('n', c.n, 'assignment_id', c.assignment_id, 'field', c.field,
        'base', c.base, 'ours', c.ours, 'theirs', c.theirs) order by c.n)
      from (select * from feed_conflicts where feed_id = f.id and settled_at is null order by n limit 100) c), '[]') as conflicts
  from feeds f left join feed_states s on s.feed_id = f.id
  where f.state <> 'removed'`;

function readOf({ last_sync, conflicts, unresolved, ...feed }: Row): Read {
  return { ...factsOf(feed), last_sync, conflicts, unresolved };
}

function shown({ last_sync, conflicts, unresolved, ...facts }: Read, { health, quota, breaker }: FeedPace) {
  return { ...facts, health, quota, breaker, last_sync, conflicts, unresolved };
}

export const readFeed = defineLongQuery({
  name: 'feed.get',
  route: 'GET /api/feed/:feed_id',
  summary: 'One feed: how it is, and what waits for an admin',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  answer: feedAnswer,
  async read({ db, params: { feed_id } }) {
    if (!isUuid(feed_id)) return undefined;
    const { rows } = await db.query<Row>({ name: 'read-feed', text: `${FEEDS} and f.id = $1`, values: [feed_id] });
    return rows[0] && readOf(rows[0]);
  },
  async complete(feed, _, outside) {
    const [pace] = await outside.readPaces([feed.id]);
    return shown(feed, pace!);
  },
});

export const readFeeds = defineLongQuery({
  name: 'feed.list',
  route: 'GET /api/feed/list',
  summary: 'Feeds of your institution, the newest first',
  roles: ADMINS,
  query: z.strictObject(pageQuery([instant, uuid])),
  target: () => null,
  answer: feedList,
  async read({ db, actor, query }) {
    const [time = null, id = null] = query.cursor ?? [];
    // Beside row security, so that an index leads to the own ones.
    const own = actor.role === 'super_admin' ? '$4::uuid is null' : 'f.institution_id = $4';
    // Whatever it is shown with is looked up for the feeds of the page alone.
    const { rows } = await db.query<Row>(
      withinPage(`
        with page as (
          select f.id, f.created_at from feeds f
          where f.state <> 'removed' and ${own} and ($1::timestamptz is null or (f.created_at, f.id) < ($1, $2::uuid))
          order by f.created_at desc, f.id desc limit $3
        )
        select item.* from page cross join lateral (${FEEDS} and f.id = page.id limit 1) item
        order by page.created_at desc, page.id desc`),
      [time, id, query.limit + 1, actor.role === 'super_admin' ? null : actor.institution_id],
    );
    return pageOf(rows, query, readOf, (row) => [row.created_at, row.id]);
  },
  async complete({ items, ...page }, _, outside) {
    const paces = await outside.readPaces(items.map(({ id }) => id));
    return { ...page, items: items.map((feed, i) => shown(feed, paces[i]!)) };
  },
});
