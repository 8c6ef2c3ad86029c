/**
 * The list of an evening: matches that a person may see, those of the own institution first, each part in the order of
 * its time. Each reason to see one goes by its own index, so that others' matches are not walked through to find the own.
 */
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { day, instantsOfDay, timeZone } from '../../core/definitions/localDay.ts';
import { pageQuery } from '../../core/definitions/page.ts';
import { id, instant, line } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { findInstitution } from '../../institutions/institution.ts';
import type { SessionStatus } from '../sessions/session.ts';

/** How far a match is: where there is a session, that is said by the session. */
const MATCH_STATES = ['scheduled', 'pending', 'active', 'paused', 'completed', 'cancelled'] as const;

/** In a query string. */
const yes = z.enum(['true', 'false']).transform((text) => text === 'true');

export const matchQuery = {
  ...pageQuery([z.enum(['0', '1']), instant, id]),
  state: z.enum(MATCH_STATES).optional(),
  day: day.optional(),
  /** Where `day` is; without it where the asker's institution is. */
  time_zone: timeZone.optional(),
  courtroom: line.optional(),
  /** Whom the roster names. */
  user_id: id.optional(),
  /** Those on whose roster the asker is. */
  mine: yes.optional(),
};
const query = z.strictObject(matchQuery);
export type MatchQuery = z.output<typeof query>;

const STATES: Record<(typeof MATCH_STATES)[number], string> = {
  scheduled: 's.id is null and a.cancelled_at is null',
  pending: `s.status = 'pending' and a.cancelled_at is null`,
  active: `s.status = 'active'`,
  paused: `s.status = 'paused'`,
  completed: `s.status = 'completed'`,
  cancelled: 'a.cancelled_at is not null',
};

const NOT_OVER: readonly string[] = ['pending', 'active', 'paused'];

/** `$1` is the asker, `$2` the asker's institution, `$3` the role, `$4` to `$6` the key to go on after, `$7` the limit. */
const OWN = 'a.institution_id = $2::uuid';
const OPEN_AT_HOME = `${OWN} and (a.visibility <> 'private' or $3 = 'admin')`;
const ABROAD = `($2::uuid is null or a.institution_id <> $2::uuid)`;
const RANK = `case when ${OWN} then 0 else 1 end`;
const SEATED = `exists (select from rosters own
  where own.assignment_id = a.id and own.user_id = $1::uuid and own.replaced_at is null)`;

const BY_TIME = 'assignments a left join courtroom_sessions s on s.assignment_id = a.id';
const BY_SEAT =
  'rosters r join assignments a on a.id = r.assignment_id left join courtroom_sessions s on s.assignment_id = a.id';

/**
 * Of sessions that are not over there are few at a time, so that they may lead to their matches: by their time all matches
 * of years would be walked through before them.
 * @param whose a condition that an index over them has
 */
function bySession(status: string, whose: string): string {
  return `assignments a join courtroom_sessions s
    on s.assignment_id = a.id and s.status <> 'completed' and s.status = '${status}' and ${whose}`;
}

function armOf(rank: string, from: string, where: readonly string[]): string {
  return `(
    select ${rank} as rank, a.scheduled_at, a.id from ${from}
    where ($4::integer is null or ${rank} > $4 or (${rank} = $4 and (a.scheduled_at, a.id) > ($5::timestamptz, $6::uuid)))
      and ${['true', ...where].join(' and ')}
    order by rank, a.scheduled_at, a.id limit $7)`;
}

/** What is asked, with the zone of its day: where none is named, that of the asker's institution. */
export async function inOwnZone<Asked extends MatchQuery>(db: Queryable, actor: Actor, asked: Asked): Promise<Asked> {
  if (asked.day === undefined || asked.time_zone !== undefined) return asked;
  const { time_zone } = await findInstitution(db, actor.institution_id);
  return { ...asked, time_zone };
}

/**
 * The keys of a page, as the table `page (rank, scheduled_at, id)` of a `with`, and the values of its statement.
 * @param sessions where only matches with a session are wanted; with its status, where that is said
 */
export function matchPage(
  actor: Actor,
  asked: MatchQuery,
  sessions?: { status: SessionStatus | undefined },
): { text: string; values: unknown[] } {
  const [rank = null, after_time = null, after_id = null] = asked.cursor ?? [];
  const values: unknown[] = [actor.id, actor.institution_id, actor.role];
  values.push(rank === null ? null : Number(rank), after_time, after_id, asked.limit + 1);
  const value = (one: unknown) => `$${values.push(one)}`;
  const wanted = sessions ? ['s.id is not null'] : [];
  if (sessions?.status) wanted.push(`s.status = '${sessions.status}'`);
  if (asked.state) wanted.push(STATES[asked.state]);
  if (asked.courtroom !== undefined) wanted.push(`a.courtroom = ${value(asked.courtroom)}`);
  if (asked.day !== undefined) {
    const { from, to } = instantsOfDay(asked.day, asked.time_zone ?? 'UTC');
    wanted.push(`a.scheduled_at >= ${value(from)}::timestamptz`, `a.scheduled_at < ${value(to)}::timestamptz`);
  }
  const people = [...(asked.mine ? [actor.id] : []), ...(asked.user_id === undefined ? [] : [asked.user_id])];
  const [first, second] = people.map((one) => value(one));
  const open = [sessions?.status, asked.state].find((one) => one !== undefined && NOT_OVER.includes(one));
  const [nearest, ...arms] = first ? armsOfPerson(first, second, wanted) : armsOfAll(actor, open, wanted);
  // What no arm speaks of still has a type.
  const visible = ['select * from nearest', ...arms].join(' union ');
  const text = `asker as (select $1::uuid, $2::uuid, $3::text), nearest as materialized ${nearest},
    page as (select rank, scheduled_at, id from (${visible}) visible order by rank, scheduled_at, id limit $7)`;
  return { text, values };
}

/** Where those of the own institution fill the page, others' public ones are not looked for: among years of own ones they may be few. */
const UNLESS_FULL = '(select count(*) from nearest) < $7';

/** @param open the status of sessions that is asked for, where it is one of those that are not over */
function armsOfAll(actor: Actor, open: string | undefined, wanted: readonly string[]): string[] {
  const from = (whose: string) => (open === undefined ? BY_TIME : bySession(open, whose));
  if (actor.role === 'super_admin') return [armOf('1', from('true'), wanted)];
  return [
    armOf('0', from('s.institution_id = $2::uuid'), [OPEN_AT_HOME, ...wanted]),
    armOf('1', from(`s.visibility = 'public'`), [`a.visibility = 'public'`, ABROAD, UNLESS_FULL, ...wanted]),
    armOf(RANK, BY_SEAT, ['r.user_id = $1::uuid and r.replaced_at is null', ...wanted]),
  ];
}

/** What a person is named in is little: it is looked up by the person, and then looked at. */
function armsOfPerson(person: string, other: string | undefined, wanted: readonly string[]): string[] {
  const visible = `($3 = 'super_admin' or a.visibility = 'public' or (${OPEN_AT_HOME}) or ${SEATED})`;
  const both = other
    ? `exists (select from rosters too
        where too.assignment_id = a.id and too.user_id = ${other}::uuid and too.replaced_at is null)`
    : 'true';
  return [armOf(RANK, BY_SEAT, [`r.user_id = ${person}::uuid and r.replaced_at is null`, visible, both, ...wanted])];
}

/** Where a row of `page` stands: what its cursor holds. */
export interface PlacedRow {
  rank: number;
  listed_at: string;
  id: string;
}

export const cursorOf = ({ rank, listed_at }: PlacedRow, match_id: string) => [String(rank), listed_at, match_id];
