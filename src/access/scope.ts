/**
 * The right to see and to touch. Scope facts of an assignment and its session are read once and kept at the door; the
 * rules over them are pure. What is out of scope is answered like what does not exist.
 */

import type { Actor } from '../core/definitions/actor.ts';
import type { Target } from '../core/definitions/command.ts';
import type { Queryable } from '../core/sql/queryable.ts';

export const VISIBILITIES = ['private', 'institution', 'public'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

export const ROSTER_ROLES = ['petitioner', 'respondent', 'judge', 'moderator'] as const;
export type RosterRole = (typeof ROSTER_ROLES)[number];

export interface Scope {
  assignment_id: string;
  session_id: string | null;
  institution_id: string;
  visibility: Visibility;
  /** The roster's role of each user. */
  roster: ReadonlyMap<string, RosterRole>;
  /** People of the roster who were replaced. */
  replaced: ReadonlySet<string>;
}

type ScopeRow = Omit<Scope, 'roster' | 'replaced'> & { roster: Record<string, RosterRole>; replaced: string[] };

const SCOPES = `
  select a.id as assignment_id, s.id as session_id, a.institution_id, a.visibility,
    (select json_object_agg(r.user_id, r.role) from rosters r
     where r.assignment_id = a.id and r.replaced_at is null) as roster,
    array(select r.user_id from rosters r where r.assignment_id = a.id and r.replaced_at is not null) as replaced
  from assignments a left join courtroom_sessions s on s.assignment_id = a.id`;

const OF_SESSIONS = { name: 'read-scopes-of-sessions', text: `${SCOPES} where s.id = any($1)` };
const OF_ASSIGNMENTS = { name: 'read-scopes-of-assignments', text: `${SCOPES} where a.id = any($1)` };

const scopeOf = (row: ScopeRow): Scope => ({
  ...row,
  roster: new Map(Object.entries(row.roster)),
  replaced: new Set(row.replaced),
});

/**
 * An institution is seen as a private match of its own would be: by its admins. There is no list of institutions: each that a
 * token names exists.
 */
export function scopeOfInstitution(id: string): Scope {
  return {
    ...{ assignment_id: id, session_id: null, institution_id: id, visibility: 'private' },
    ...{ roster: new Map(), replaced: new Set() },
  };
}

/** The scope facts of an assignment or a session, or undefined where there is none of that id. */
export async function findScope(db: Queryable, { kind, id }: Target): Promise<Scope | undefined> {
  const found = await (kind === 'session' ? readScopes : readAssignmentScopes)(db, [id]);
  return found.get(id.toLowerCase());
}

/** Those of many sessions, by session. */
export async function readScopes(db: Queryable, session_ids: readonly string[]): Promise<Map<string, Scope>> {
  const { rows } = await db.query<ScopeRow>({ ...OF_SESSIONS, values: [session_ids] });
  return new Map(rows.map((row) => [row.session_id!, scopeOf(row)]));
}

export async function readAssignmentScopes(db: Queryable, ids: readonly string[]): Promise<Map<string, Scope>> {
  const { rows } = await db.query<ScopeRow>({ ...OF_ASSIGNMENTS, values: [ids] });
  return new Map(rows.map((row) => [row.assignment_id, scopeOf(row)]));
}

/** May this person, or a reader without a token (null), see it? */
export function isVisible(scope: Scope, actor: Actor | null): boolean {
  if (scope.visibility === 'public') return true;
  if (actor === null) return false;
  if (actor.role === 'super_admin' || scope.roster.has(actor.id)) return true;
  if (actor.institution_id !== scope.institution_id) return false;
  return scope.visibility === 'institution' || actor.role === 'admin';
}

/** An admin acts only in the own institution; what a judge may do is for the panel to say. */
export function mayOfficiate(actor: Actor, scope: Scope): boolean {
  return actor.role !== 'admin' || actor.institution_id === scope.institution_id;
}
