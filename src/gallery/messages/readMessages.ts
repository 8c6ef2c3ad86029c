/** Reading the gallery: in the order in which things were said, or the questions by their votes, for the host to read out. */
import { z } from 'zod';
import { MAX_PAGE } from '../../core/definitions/page.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { id, wholeNumber } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readOwnBan } from '../../guard/bans/ownBan.ts';
import { demandEntry } from '../refusals.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageList, messageResource, SEEN_BY } from './message.ts';

const SORTS = ['time', 'votes'] as const;

export const listQuery = {
  limit: wholeNumber(1, MAX_PAGE).default(50),
  /** The message to go on after. */
  after: id.optional(),
  /** By votes: the questions alone. */
  sort: z.enum(SORTS).default('time'),
};

interface Asked {
  limit: number;
  after?: string | undefined;
  sort: (typeof SORTS)[number];
}

const AFTER = 'select sequence, votes from gallery_messages where id = $3 and session_id = $1';
const LISTS = {
  time: { only: 'true', behind: 'm.sequence > a.sequence', order: 'sequence' },
  votes: {
    only: `category = 'question'`,
    behind: '(m.votes, -m.sequence) < (a.votes, -a.sequence)',
    order: 'votes desc, sequence',
  },
} as const;

const listOf = ({ only, behind, order }: (typeof LISTS)[keyof typeof LISTS]) => `
  select ${MESSAGE_COLUMNS} from gallery_messages m
  where session_id = $1 and ${SEEN_BY} and ${only}
    and ($3::uuid is null or exists (select from (${AFTER}) a where ${behind}))
  order by ${order} limit $4`;

export const readMessages = defineQuery({
  name: 'gallery.list',
  route: 'GET /api/session/:session_id/gallery',
  summary: 'What is said in the gallery, oldest first, or its questions by their votes',
  roles: 'anyone',
  query: z.strictObject(listQuery),
  target: ({ session_id }) => ({ kind: 'session', id: session_id }),
  answer: messageList,
  asAuthor: true,
  async read({ db, actor, author = actor, params: { session_id }, query }) {
    await demandEntry(db, session_id, actor);
    const list = await readList(db, session_id, author.id, query);
    const banned = actor.role === 'anonymous' ? undefined : await readOwnBan(db, session_id);
    return { ...list, ...(banned && { banned }) };
  },
});

/** @param viewer whose own messages are in it, whatever became of them */
async function readList(db: Queryable, session_id: string, viewer: string, { sort, after, limit }: Asked) {
  const values = [session_id, viewer, after ?? null, limit + 1];
  const { rows } = await db.query<MessageRow>(listOf(LISTS[sort]), values);
  if (rows.length === 0 && after !== undefined) await demandMessage(db, session_id, after);
  const items = rows.slice(0, limit).map(messageResource);
  return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
}

/** @throws {Problem} 422 */
async function demandMessage(db: Queryable, session_id: string, message_id: string): Promise<void> {
  const found = 'select from gallery_messages where session_id = $1 and id = $2';
  if ((await db.query(found, [session_id, message_id])).rows.length > 0) return;
  const errors = [{ pointer: '/after', detail: 'is no message of this gallery' }];
  throw new Problem('validation_failed', undefined, { errors });
}
