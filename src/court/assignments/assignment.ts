/** An assignment: a scheduled match in a courtroom, with its teams and panel. Roles come from its roster, nowhere else. */

import type { RosterRole, Visibility } from '../../access/scope.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import type { Format, Side } from '../formats/format.ts';
import { reject } from '../problems.ts';
import type { Recording } from '../recordings/recording.ts';

/** When spectators may speak beside the session, and whether a moderator reads what they say first. */
export const GALLERIES = ['off', 'breaks', 'always'] as const;
export const GALLERY_MODERATIONS = ['before', 'after'] as const;

export interface Person {
  user_id: string;
  name: string;
}

export interface Judge extends Person {
  presiding: boolean;
}

/** As it was created: the payload of ASSIGNMENT_CREATED. */
export interface Assignment {
  institution_id: string;
  title: string;
  courtroom: string;
  scheduled_at: string;
  petitioner: Person[];
  respondent: Person[];
  panel: Judge[];
  moderators: Person[];
  visibility: Visibility;
  /** The name of a template, or a format of their own. */
  format: string | Format;
  /** Whether the moderators of its roster run the session too. Absent where it was created without a word on it. */
  moderators_run?: boolean | undefined;
  /** Absent where it is off, and the other where it follows from the visibility. */
  gallery?: (typeof GALLERIES)[number] | undefined;
  gallery_moderation?: (typeof GALLERY_MODERATIONS)[number] | undefined;
}

export interface RosterEntry extends Judge {
  role: RosterRole;
}

/** People of the roster who were replaced. */
export interface Replaced extends RosterEntry {
  replaced_at: string;
  replaced_by: string;
}

/** What an answer shows of it. */
export interface ShownAssignment extends Assignment {
  moderators_run: boolean;
  id: string;
  created_at: string;
  /** When the match was called off; null while it stands. */
  cancelled_at: string | null;
  cancel_reason: string | null;
}

export interface AssignmentState extends ShownAssignment {
  /** In the order in which they were replaced. */
  replaced: readonly Replaced[];
  /** Those that came after the session's own, in the order in which they were added. */
  recordings: readonly Recording[];
}

export const assignmentStream = defineStream<AssignmentState | null>('assignment', { initial: () => null });

export const assignments = defineTable({
  name: 'assignments',
  stream: 'assignment',
  owner: 'id',
  primary_key: ['id'],
  visible: 'in_scope',
  scope: ['id', 'institution_id', 'visibility'],
});

export const rosters = defineTable({
  name: 'rosters',
  stream: 'assignment',
  owner: 'assignment_id',
  primary_key: ['assignment_id', 'user_id'],
  visible: { with: 'assignments', by: 'assignment_id' },
  scope: ['assignment_id', 'user_id', 'role', 'replaced_at'],
});

export function assignmentStreamName(id: string): string {
  return streamName(assignmentStream.kind, id);
}

/** What a command locks of it, and sees as `assignment`. */
export function theAssignment(id: string): Lock<'assignment', AssignmentState> {
  return { kind: 'assignment', stream: assignmentStreamName(id) };
}

/** Everybody on the roster, in order of role and place. */
export function rosterOf({ petitioner, respondent, panel, moderators }: Assignment): RosterEntry[] {
  const entries = (role: RosterRole, people: Person[]) => people.map((p) => ({ presiding: false, ...p, role }));
  return [
    ...entries('petitioner', petitioner),
    ...entries('respondent', respondent),
    ...entries('judge', panel),
    ...entries('moderator', moderators),
  ];
}

export function rosterEntry(assignment: Assignment, user_id: string): RosterEntry | undefined {
  return rosterOf(assignment).find((entry) => entry.user_id === user_id);
}

/** The side that a person of this role pleads for; null for all other roles. */
export function sideOf(role: RosterRole | undefined): Side | null {
  return role === 'petitioner' || role === 'respondent' ? role : null;
}

/** Nothing is done about a match that was called off. */
export function refuseCancelled({ cancelled_at }: Pick<ShownAssignment, 'cancelled_at'>) {
  if (cancelled_at === null) return undefined;
  return reject('assignment_cancelled', 'This match was called off.', { cancelled_at });
}
