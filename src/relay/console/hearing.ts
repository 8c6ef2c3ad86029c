/** What one console listens for: the rooms that it has joined, the people whose risk it asked for, and its own sign-in. Pure. */
import type { Actor } from '../../core/definitions/actor.ts';
import type { ConsoleAudience, ConsoleEvent } from '../../infra/console/tellConsole.ts';

/** People whose risk one connection may ask for. */
export const MOST_WATCHED = 50;

export class Hearing {
  readonly #rooms = new Set<string>();
  readonly #watched = new Set<string>();

  join(room: string): void {
    this.#rooms.add(room);
  }

  /** @returns whether it was there */
  leave(room: string): boolean {
    return this.#rooms.delete(room);
  }

  /** @returns false where it is one too many */
  watch(user_id: string): boolean {
    if (!this.#watched.has(user_id) && this.#watched.size >= MOST_WATCHED) return false;
    this.#watched.add(user_id);
    return true;
  }

  hears(event: ConsoleEvent, to: ConsoleAudience, actor: Actor): boolean {
    if ('admins' in to) return this.#rooms.has(`admin:${to.admins ?? 'installation'}`);
    const isOwn = 'login_id' in to ? to.login_id === actor.login?.id : to.user_id === actor.id;
    if (event === 'session_terminated') return isOwn;
    if (event === 'risk_score_update') return this.#watches(to, isOwn, actor);
    return isOwn && this.#rooms.has(`user:${actor.id}`);
  }

  /** One who signs in to two institutions is seen by each of them there alone. */
  #watches(to: Exclude<ConsoleAudience, { admins: unknown }>, isOwn: boolean, actor: Actor): boolean {
    const person = isOwn ? actor.id : to.user_id;
    if (person === undefined || !this.#watched.has(person)) return false;
    if (person === actor.id || actor.role === 'super_admin' || to.institution_id === undefined) return true;
    return to.institution_id === actor.institution_id;
  }
}
