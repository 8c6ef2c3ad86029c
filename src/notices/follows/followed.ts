/** Whom or what a person follows: a session, a match, or a team by its name. It stands outside every chain, and ends with a date. */
import { z } from 'zod';
import { named, text, uuid } from '../../core/definitions/answers.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { definedOf } from '../../core/definitions/defined.ts';
import { EXAMPLE, exampleId } from '../../core/definitions/exampleValues.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id, line } from '../../core/definitions/schemas.ts';

export const MOST_FOLLOWED = 200;

export const followBody = z
  .strictObject({ session_id: id.optional(), team: privately(line).optional(), match_id: id.optional() })
  .refine((input) => Object.keys(definedOf(input)).length === 1, 'names one of session_id, team and match_id');

export type Followed = z.output<typeof followBody>;

/** As the table names it. Teams are known by their names, however these are written. */
export function subjectOf({ session_id, team, match_id }: Followed): string {
  if (session_id !== undefined) return `session:${session_id}`;
  return match_id !== undefined ? `match:${match_id}` : teamSubject(team ?? '');
}

export const teamSubject = (name: string) => `team:${name.trim().toLowerCase()}`;

export const followAnswer = named(
  'Following',
  z.strictObject({
    /** Of the person. */
    id: uuid,
    ...{ session_id: uuid.nullable(), team: text.nullable(), match_id: uuid.nullable() },
    following: z.boolean(),
  }),
  {
    ...{ id: EXAMPLE.user_id, session_id: exampleId('03'), team: null, match_id: null },
    following: true,
  },
);

export function followResult({ owner: id, ...followed }: Followed & { owner: string }, following: boolean) {
  const { session_id = null, team = null, match_id = null } = followed;
  return { id, session_id, team, match_id, following };
}

/** What a person follows, or followed lately: whether it goes on. */
export const ownFollows: FactSource<{ owner: string }, ReadonlyMap<string, boolean>> = {
  key: ({ input }) => input.owner,
  async load(db, owners) {
    const read = 'select user_id, subject, ended_at is null as goes_on from follows where user_id = any($1)';
    const { rows } = await db.query<{ user_id: string; subject: string; goes_on: boolean }>(read, [owners]);
    const found = new Map(owners.map((owner) => [owner, new Map<string, boolean>()]));
    for (const { user_id, subject, goes_on } of rows) found.get(user_id)?.set(subject, goes_on);
    return found;
  },
};
