/** Reading one's own notices, the newest first, and what one wants to be told of. */
import { z } from 'zod';
import { ROLES } from '../core/definitions/actor.ts';
import { pageOf, pageQuery, withinPage } from '../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';
import { instant, id as uuid } from '../core/definitions/schemas.ts';
import { audiencesOf, KEPT_DAYS, type NoticeItem, noticeList } from './notice.ts';
import { preferencesAnswer, readPreferences, unsetPreferences } from './preferences.ts';

// Of each audience a page by its index, and of these the newest.
const NOTICES = `
  select n.id, n.kind, n.text, n.created_at, r.read_at
  from unnest($1::text[]) as a (name) cross join lateral (
    select * from notices n
    where n.audience = a.name and n.created_at > clock_timestamp() - interval '${KEPT_DAYS} days'
      and ($3::timestamptz is null or (n.created_at, n.id) < ($3, $4::uuid))
    order by n.created_at desc, n.id desc limit $5) n
  left join notice_reads r on r.notice_id = n.id and r.user_id = $2
  order by n.created_at desc, n.id desc limit $5`;

export const readNotices = defineQuery({
  name: 'notices.list',
  route: 'GET /notifications',
  summary: 'Your notices, and those for the admins of your institution, the newest first',
  roles: ROLES,
  query: z.strictObject(pageQuery([instant, uuid])),
  target: () => null,
  answer: noticeList,
  async read({ db, actor, query }) {
    const [time = null, id = null] = query.cursor ?? [];
    const values = [audiencesOf(actor), actor.id, time, id, query.limit + 1];
    const { rows } = await db.query<NoticeItem>(withinPage(NOTICES), values);
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [row.created_at, row.id],
    );
  },
});

export const readOwnPreferences = defineQuery({
  name: 'notices.preferences',
  route: 'GET /notifications/preferences',
  summary: 'Which notices you want, and your quiet hours; all, and none, where nothing was set',
  roles: ROLES,
  query: NO_QUERY,
  target: () => null,
  answer: preferencesAnswer,
  read: async ({ db, actor: { id } }) => (await readPreferences(db, [id])).get(id) ?? unsetPreferences(id),
});
