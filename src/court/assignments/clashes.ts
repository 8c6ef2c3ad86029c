/**
 * What stands against the time and place of a match: a courtroom or a person that another match of the institution has
 * then, or a time that is past. Told beside what was done, and never a refusal: a clerk may mean it. Two matches that are
 * sent at the same moment may not see each other.
 */
import { z } from 'zod';
import { at, text, uuid } from '../../core/definitions/answers.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Format } from '../formats/format.ts';
import { resolveFormat } from '../formats/templates.ts';
import type { Assignment } from './assignment.ts';

const other = { assignment_id: uuid, title: text, scheduled_at: at };

export const warning = z.discriminatedUnion('code', [
  z.strictObject({ code: z.literal('courtroom_taken'), courtroom: text, ...other }),
  z.strictObject({ code: z.literal('person_taken'), user_id: uuid, ...other }),
  z.strictObject({ code: z.literal('in_the_past'), scheduled_at: at }),
]);
export type Warning = z.output<typeof warning>;

/** Another match of about that time, with whom both name. */
export interface Candidate extends Pick<Assignment, 'title' | 'courtroom' | 'scheduled_at' | 'format'> {
  id: string;
  people: string[];
}

/** No match is taken to last longer, and no more are told of than so many. */
const LONGEST_HOURS = 24;
const MOST = 50;

/**
 * Of each of these commands, the matches of its institution within a day of its own, that share its courtroom or name one
 * of its people. What a command says of the match goes before what the match says.
 */
const CANDIDATES = `
  select c.id as command_id, a.id, a.title, a.courtroom, a.scheduled_at, a.format, shared.people
  from commands c
  left join assignments own on own.id = (c.input ->> 'assignment_id')::uuid
  cross join lateral (
    select coalesce(own.institution_id, (c.input ->> 'institution_id')::uuid, c.actor_institution_id) as institution_id,
      coalesce(c.input ->> 'courtroom', own.courtroom) as courtroom,
      coalesce((c.input ->> 'scheduled_at')::timestamptz, own.scheduled_at) as scheduled_at,
      array(
        select r.user_id from rosters r where r.assignment_id = own.id and r.replaced_at is null
        union
        select (person ->> 'user_id')::uuid
        from unnest(array['petitioner', 'respondent', 'panel', 'moderators']) part
        cross join json_array_elements(coalesce(c.input -> part, '[]')) person
      ) as people
  ) meant
  cross join lateral (
    select * from assignments near
    where near.institution_id = meant.institution_id and near.cancelled_at is null and near.id <> c.id
      and near.id is distinct from own.id
      and near.scheduled_at > meant.scheduled_at - interval '${LONGEST_HOURS} hours'
      and near.scheduled_at < meant.scheduled_at + interval '${LONGEST_HOURS} hours'
      and not exists (select from courtroom_sessions s where s.assignment_id = near.id and s.status = 'completed')
    order by abs(extract(epoch from near.scheduled_at - meant.scheduled_at)) limit 1000
  ) a
  cross join lateral (
    select array(
      select r.user_id::text from rosters r
      where r.assignment_id = a.id and r.user_id = any(meant.people) and r.replaced_at is null order by r.user_id
    ) as people
  ) shared
  where c.id = any($1) and (a.courtroom = meant.courtroom or shared.people <> '{}')`;

export async function loadCandidates(db: Queryable, command_ids: string[]): Promise<Map<string, Candidate[]>> {
  const { rows } = await db.query<Candidate & { command_id: string }>(CANDIDATES, [command_ids]);
  const found = new Map<string, Candidate[]>(command_ids.map((id) => [id, []]));
  for (const { command_id, ...candidate } of rows) found.get(command_id)!.push(candidate);
  return found;
}

export function warningsOf(match: Assignment, candidates: readonly Candidate[], now: string): Warning[] {
  const { scheduled_at, courtroom } = match;
  const past: Warning[] = scheduled_at < now ? [{ code: 'in_the_past', scheduled_at }] : [];
  const taken = candidates
    .filter((one) => overlap(match, one))
    .flatMap((one): Warning[] => {
      const named = { assignment_id: one.id, title: one.title, scheduled_at: one.scheduled_at };
      const room: Warning[] = one.courtroom === courtroom ? [{ code: 'courtroom_taken', courtroom, ...named }] : [];
      return [...room, ...one.people.map((user_id): Warning => ({ code: 'person_taken', user_id, ...named }))];
    });
  return [...past, ...taken].slice(0, MOST);
}

type Timed = Pick<Assignment, 'scheduled_at' | 'format'>;

/** Each from its time on for as long as its format has its turns speak. */
function overlap(one: Timed, other: Timed): boolean {
  const [a, b] = [one, other].map(({ scheduled_at, format }) => {
    const start = Date.parse(scheduled_at);
    return { start, end: start + lengthMs(resolveFormat(format)) };
  });
  return a!.start < b!.end && b!.start < a!.end;
}

const lengthMs = ({ segments }: Format) => segments.reduce((sum, { allotted_ms }) => sum + allotted_ms, 0);
