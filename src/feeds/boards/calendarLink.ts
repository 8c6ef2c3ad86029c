/**
 * The link by which a calendar on a telephone reads when and where its person has matches. There is one for each person,
 * good for half a year; a new one ends the one before. It shows nothing else, and opens nothing.
 */
import { z } from 'zod';
import { at, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

export interface CalendarLink {
  user_id: string;
  /** Null before there is one. */
  institution_id: string | null;
  secret_hash: string;
  created_at: string;
  expires_at: string;
}

const initial = (user_id: string): CalendarLink => ({
  ...{ user_id, institution_id: null, secret_hash: '', created_at: '', expires_at: '' },
});

export const calendarStream = defineStream<CalendarLink>('calendar', { initial, apart: true });

export const calendarLinks = defineTable({
  name: 'calendar_links',
  stream: 'calendar',
  owner: 'user_id',
  primary_key: ['user_id'],
  visible: 'to_nobody',
  scope: ['user_id', 'institution_id', 'secret_hash', 'created_at', 'expires_at'],
});

export function theCalendar(user_id: string): Lock<'calendar', CalendarLink> {
  return { kind: 'calendar', stream: streamName('calendar', user_id) };
}

const FIND = {
  name: 'find-calendar-link',
  text: `
    select user_id, institution_id, secret_hash, created_at, expires_at from calendar_links
    where user_id = $1 and expires_at > clock_timestamp()`,
};

/** One that is good. @param db of role `door` */
export async function findCalendarLink(db: Queryable, user_id: string): Promise<CalendarLink | undefined> {
  return (await db.query<CalendarLink>({ ...FIND, values: [user_id] })).rows[0];
}

const EXAMPLE_SECRET = 'q3Jx0m1Yc8cT6oWmZ0b7mN2uQm3b6m5pYt1fJc9Xk2A';

export const calendarLinkAnswer = named(
  'CalendarLink',
  z.strictObject({
    /** The person's. */
    id: uuid,
    created_at: at,
    expires_at: at,
    /** For the calendar. Its person is told it when it is made, and again for a day. */
    link: text.nullable(),
    /** Of its ticket, where the link itself is not told. */
    secret_hash: hash.optional(),
  }),
  {
    ...{ id: EXAMPLE.user_id, created_at: EXAMPLE.created_at, expires_at: '2027-03-23T09:58:00.000Z' },
    link: `https://court.example/api/person/${EXAMPLE.user_id}/calendar.ics?ticket=${EXAMPLE_SECRET}`,
  },
);
