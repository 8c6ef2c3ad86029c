/**
 * The hall: all that the gallery knows of the court, and how it stands itself. It is read by one statement, at the door and
 * again when a command is decided, and never locked: no spectator stands in a clerk's way.
 */
import type { Actor, Role } from '../core/definitions/actor.ts';
import type { FactSource } from '../core/definitions/command.ts';
import type { Queryable } from '../core/sql/queryable.ts';

/** The roles of tokens that a host may have; the roster says whether one is. */
export const HOSTS: readonly Role[] = ['admin', 'super_admin', 'judge', 'moderator'];

/** A session as its gallery asks about it, with the seat of one person in it. */
export interface Hall {
  session_id: string;
  institution_id: string;
  status: 'pending' | 'active' | 'paused' | 'completed';
  mode: 'off' | 'breaks' | 'always';
  moderation: 'before' | 'after';
  /** What the roster says of the person; null where it names none. */
  seat: { role: string; presiding: boolean } | null;
  /** A moderator closed it. */
  is_closed: boolean;
  slow_seconds: number;
}

/** Of a session `s`, all but a seat. */
export const HALL_COLUMNS = `s.id as session_id, a.institution_id, s.status, coalesce(a.gallery, 'off') as mode,
    coalesce(a.gallery_moderation, case a.visibility when 'public' then 'before' else 'after' end) as moderation,
    coalesce(g.is_closed, false) as is_closed, coalesce(g.slow_seconds, 0) as slow_seconds`;
export const HALL_JOINS = `join assignments a on a.id = s.assignment_id
  left join galleries g on g.session_id = s.id`;

/** @param asked `(key, session_id, actor_id)` */
const halls = (asked: string) => `
  select asked.key, ${HALL_COLUMNS},
    (select json_build_object('role', r.role, 'presiding', r.presiding) from rosters r
     where r.assignment_id = a.id and r.user_id::text = asked.actor_id and r.replaced_at is null) as seat
  from (${asked}) asked
  join courtroom_sessions s on s.id = asked.session_id
  ${HALL_JOINS}`;

const OF_ONE = halls('select null as key, $1::uuid as session_id, $2::text as actor_id');
const OF_COMMANDS = halls(
  `select id as key, (input ->> 'session_id')::uuid as session_id, actor_id from commands where id = any($1)`,
);

export async function findHall(db: Queryable, session_id: string, actor: Actor): Promise<Hall | undefined> {
  const { rows } = await db.query<Hall>({ name: 'find-hall', text: OF_ONE, values: [session_id, actor.id] });
  return rows[0];
}

/** By the command: commands of one gallery are decided together, as none of them changes what the court says. */
export const hallOfCommand: FactSource<unknown, Hall> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const asked = { name: 'find-halls', text: OF_COMMANDS, values: [command_ids] };
    const { rows } = await db.query<Hall & { key: string }>(asked);
    return new Map(rows.map(({ key, ...hall }) => [key, hall]));
  },
};

/** Moderators of the roster, the presiding judge, and admins of the institution. */
export function isHost({ seat, institution_id }: Hall, actor: Actor): boolean {
  if (actor.role === 'super_admin') return true;
  if (actor.role === 'admin' && actor.institution_id === institution_id) return true;
  return seat?.role === 'moderator' || seat?.presiding === true;
}
