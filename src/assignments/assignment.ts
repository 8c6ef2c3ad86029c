/** An assignment: a scheduled match in a courtroom, with its teams and panel. Roles come from its roster, nowhere else. */
import type { Value } from '../core/projections.ts';
import { type StreamKind, streamName } from '../core/stream.ts';
import type { Format, Side } from '../formats/format.ts';

export const VISIBILITIES = ['private', 'institution', 'public'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

export const ROSTER_ROLES = ['petitioner', 'respondent', 'judge', 'moderator'] as const;
export type RosterRole = (typeof ROSTER_ROLES)[number];

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
}

export interface RosterEntry extends Judge {
  role: RosterRole;
}

export interface AssignmentState extends Assignment {
  id: string;
  created_at: string;
}

export const assignmentStream: StreamKind<AssignmentState | null> = { kind: 'assignment', initial: () => null };

export function assignmentStreamName(id: string): string {
  return streamName(assignmentStream.kind, id);
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

/** The side that somebody of this role pleads for; null for everybody else. */
export function sideOf(role: RosterRole | undefined): Side | null {
  return role === 'petitioner' || role === 'respondent' ? role : null;
}

/** The assignment as every answer shows it. */
export function assignmentResource(assignment: AssignmentState, session_id: string | null): { [key: string]: Value } {
  const { id, institution_id, title, courtroom, scheduled_at, visibility, format, created_at } = assignment;
  const { petitioner, respondent, panel, moderators } = assignment;
  return {
    id,
    institution_id,
    title,
    courtroom,
    scheduled_at,
    petitioner,
    respondent,
    panel,
    moderators,
    visibility,
    format,
    session_id,
    created_at,
  };
}
