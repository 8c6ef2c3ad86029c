/** A person asks for the own calendar's link. The one before is good no more. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { type CalendarLink, calendarLinkAnswer, calendarStream, theCalendar } from './calendarLink.ts';

/** A season: calendars ask again and again, and few people come back to renew. */
const LIFE_MS = 180 * 24 * 3_600_000;

export const calendarLinked = defineEvent({
  stream: calendarStream,
  type: 'PROCEDURAL_CALENDAR_LINKED',
  payload: z.strictObject({ institution_id: id.nullable(), secret_hash: z.string(), expires_at: z.string() }),
  evolve: ({ user_id }, { at: created_at, payload }) => ({ ...payload, user_id, created_at }),
  project({ sequence }, { user_id, ...link }) {
    const write = sequence === 1 ? insert : update;
    return [write('calendar_links', { user_id }, link)];
  },
});

/** As the door has added it. */
const hashIn = (input: object) => (input as { secret_hash: string }).secret_hash;

const answerOf = ({ user_id: id, ...link }: CalendarLink) => {
  const { created_at, expires_at, secret_hash } = link;
  return { id, created_at, expires_at, link: null, secret_hash };
};

export const linkCalendar = defineOwnedCommand({
  name: 'calendar.link',
  route: 'POST /api/person/:user_id/calendar',
  summary: 'Ask for the link of your own calendar, good for 180 days; the one before is good no more',
  who: ROLES,
  within: null,
  /** Its person's. */
  ownerOf: async ({ actor, input: { user_id } }) => (actor.id === user_id ? user_id : undefined),
  body: z.strictObject({}),
  secret: true,
  locks: ({ user_id }) => [theCalendar(user_id)],
  decide(_, { input, actor, now }) {
    const expires_at = new Date(Date.parse(now) + LIFE_MS).toISOString();
    return [calendarLinked({ institution_id: actor.institution_id, secret_hash: hashIn(input), expires_at })];
  },
  resource: calendarLinkAnswer,
  result: ({ states: { calendar } }) => answerOf(calendar),
  /** Of the result and not of the input: a repetition has an input of its own. */
  answer({ secret_hash, ...result }, { id }, _, issueLink) {
    const path = (secret: string) => `/api/person/${result.id}/calendar.ics?ticket=${secret}`;
    return { ...result, link: issueLink({ id, secret_hash: String(secret_hash), path }) };
  },
  keeps: ({ user_id }) => ({ user_id }),
  records: [calendarLinked],
  rejects: [],
});
