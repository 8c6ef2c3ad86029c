/** What becomes of a roster when one person takes the place of another. Pure, and the rows say the same as the state. */

import { z } from 'zod';
import { ROSTER_ROLES } from '../../access/scope.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert, update, type Write } from '../../core/definitions/write.ts';
import { type AssignmentState, type Person, rosterEntry, rosterOf } from './assignment.ts';

/** In the payload of ASSIGNMENT_SUBSTITUTED. */
export const substitution = z.strictObject({
  user_id: id,
  role: z.enum(ROSTER_ROLES),
  replacement: privately(z.strictObject({ user_id: id, name: z.string() })),
  /** The replacement was replaced before, and comes back. */
  returns: z.boolean(),
  /** The judge who presides from then on. */
  presiding_id: id,
  reason: privateText.nullable(),
});
export type Substitution = z.output<typeof substitution>;

export function substituted(
  assignment: AssignmentState,
  { user_id, replacement, presiding_id }: Substitution,
  at: string,
): AssignmentState {
  const gone = rosterEntry(assignment, user_id)!;
  const swap = <P extends Person>(people: P[]): P[] =>
    people.map((one) => (one.user_id === user_id ? { ...one, ...replacement } : one));
  const stillGone = assignment.replaced.filter((one) => one.user_id !== replacement.user_id);
  return {
    ...assignment,
    petitioner: swap(assignment.petitioner),
    respondent: swap(assignment.respondent),
    moderators: swap(assignment.moderators),
    panel: swap(assignment.panel).map((judge) => ({ ...judge, presiding: judge.user_id === presiding_id })),
    replaced: [...stillGone, { ...gone, presiding: false, replaced_at: at, replaced_by: replacement.user_id }],
  };
}

/** @param assignment after the substitution */
export function substitutionWrites(
  assignment: AssignmentState,
  { user_id, replacement, returns }: Substitution,
): Write[] {
  const { id: assignment_id, replaced, panel } = assignment;
  const row = (who: string) => ({ assignment_id, user_id: who });
  const { replaced_at, replaced_by } = replaced.find((one) => one.user_id === user_id)!;
  const place = rosterOf(assignment).findIndex((one) => one.user_id === replacement.user_id);
  const { user_id: _, ...entry } = rosterOf(assignment)[place]!;
  return [
    update('rosters', row(user_id), { presiding: false, replaced_at, replaced_by }),
    returns
      ? update('rosters', row(replacement.user_id), { ...entry, place, replaced_at: null, replaced_by: null })
      : insert('rosters', row(replacement.user_id), { ...entry, place }),
    ...panel
      .filter((judge) => judge.user_id !== replacement.user_id)
      .map(({ user_id, presiding }) => update('rosters', row(user_id), { presiding })),
  ];
}
