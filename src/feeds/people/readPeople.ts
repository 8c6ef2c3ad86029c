/** The people whom a feed's site has named, and which users they are here. */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { pageOf, pageQuery, withinPage } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { findFeed } from '../feed.ts';

const personAnswer = named(
  'FeedPerson',
  z.strictObject({
    provider_id: text,
    kind: z.enum(['speaker', 'adjudicator']),
    /** Null where the site keeps it to itself. */
    name: text.nullable(),
    /** Made once and kept for ever, or the one that an admin has linked. */
    user_id: uuid,
    linked: z.boolean(),
  }),
  { provider_id: '42', kind: 'speaker', name: 'Ada Petrova', user_id: EXAMPLE.user_id, linked: false },
);
const peopleAnswer = listOf('FeedPeople', personAnswer);

type Row = z.output<typeof personAnswer>;

export const readPeople = defineQuery({
  name: 'feed.people',
  route: 'GET /api/feed/:feed_id/people',
  summary: 'The people whom the tournament software has named, and who they are here',
  roles: ADMINS,
  query: z.strictObject(pageQuery([z.string().max(200)])),
  target: () => null,
  answer: peopleAnswer,
  async read({ db, params: { feed_id }, query }) {
    const feed = isUuid(feed_id) ? await findFeed(db, feed_id) : undefined;
    if (!feed) return undefined;
    const [after = null] = query.cursor ?? [];
    const { rows } = await db.query<Row>(
      withinPage(`
        select provider_id, kind, name, user_id, is_linked as linked from feed_people
        where feed_id = $1 and ($2::text is null or provider_id > $2) order by provider_id limit $3`),
      [feed.id, after, query.limit + 1],
    );
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [row.provider_id],
    );
  },
});
