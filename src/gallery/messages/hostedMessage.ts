/** A message as its hosts see it: with what became of it, and what was said against it. */
import { z } from 'zod';
import { at, count, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { CATEGORIES, MESSAGE_STATES, type MessageRow, NAME, pseudonymOf } from './message.ts';

const hostedMessage = named(
  'HostedGalleryMessage',
  z.strictObject({
    id: uuid,
    author: text,
    /** Null, as the text is, where it was erased. */
    category: z.enum(CATEGORIES).nullable(),
    text: text.nullable(),
    posted_at: at,
    votes: count,
    answered: z.boolean(),
    state: z.enum(MESSAGE_STATES),
    /** Nobody but its author and the hosts sees it. */
    shadowed: z.boolean(),
    reports: z.array(z.strictObject({ reported_at: at, reason: text.nullable() })),
  }),
  {
    ...{ id: EXAMPLE.command_id, author: 'Spectator 12', category: 'comment', text: 'Counsel is late again.' },
    ...{ posted_at: EXAMPLE.now, votes: 0, answered: false, state: 'shown', shadowed: true },
    reports: [{ reported_at: EXAMPLE.now, reason: 'Unkind.' }],
  },
);
export const hostedList = listOf('HostedGalleryMessageList', hostedMessage);

type HostedRow = Omit<MessageRow, 'category' | 'text'> & {
  category: MessageRow['category'] | null;
  text: string | null;
  is_shadowed: boolean;
  reports: { reported_at: string; reason: string | null }[];
};

/** Of one message no more are told: five are enough to remove it. */
const REPORTS_SHOWN = 20;

const ROWS = (only: string) => `
  select m.id, author_number, ${NAME}, category, text, posted_at, votes, answered, state, is_shadowed,
    coalesce((select json_agg(r) from (
      select to_char(reported_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as reported_at, reason
      from gallery_reports where message_id = m.id order by gallery_reports.reported_at limit ${REPORTS_SHOWN}) r), '[]') as reports
  from gallery_messages m
  where session_id = $1 and ${only}
    and sequence > coalesce((select sequence from gallery_messages where id = $2 and session_id = $1), 0)
  order by sequence limit $3`;

interface Page {
  after?: string | undefined;
  limit: number;
}

/** @param only a condition on the messages */
export async function readHosted(db: Queryable, session_id: string, only: string, { after, limit }: Page) {
  const { rows } = await db.query<HostedRow>(ROWS(only), [session_id, after ?? null, limit + 1]);
  const items = rows.slice(0, limit).map(hosted);
  return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
}

function hosted({ author_number, author_name, is_shadowed: shadowed, ...row }: HostedRow) {
  const { id, category, text, posted_at, votes, answered, state, reports } = row;
  const author = author_name ?? pseudonymOf(author_number);
  return { id, author, category, text, posted_at, votes, answered, state, shadowed, reports };
}
