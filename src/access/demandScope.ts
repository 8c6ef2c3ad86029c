/** Who is let in at the door: what somebody may not see is answered like what there is not. */

import { isUuid } from '../core/chain/ids.ts';
import type { Actor } from '../core/definitions/actor.ts';
import type { Target } from '../core/definitions/command.ts';
import { Problem } from '../core/definitions/problem.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { isVisible, type Scope } from './scope.ts';
import type { ScopeCache } from './scopeCache.ts';

export interface Scopes {
  /** @throws {Problem} 404 for what does not exist and for what this person may not see: nobody can tell which */
  demand(target: Target, actor: Actor | null): Promise<Scope>;
}

export function createScopes(db: Queryable, cache: ScopeCache): Scopes {
  async function demand(target: Target, actor: Actor | null): Promise<Scope> {
    const isAllowed = (scope: Scope) => isVisible(scope, actor);
    const scope = isUuid(target.id) ? await cache.find(target, isAllowed) : undefined;
    if (!scope || !isAllowed(scope)) throw new Problem('not_found');
    if (!(await ownsObservation(target, actor)) || !(await holdsParts(target))) throw new Problem('not_found');
    return scope;
  }

  /** An observation is found only in its session, and only by who made it. */
  async function ownsObservation({ id, observation_id }: Target, actor: Actor | null): Promise<boolean> {
    if (observation_id === undefined) return true;
    if (!isUuid(observation_id)) return false;
    const text = 'select user_id from session_observations where id = $1 and session_id = $2';
    const { rows } = await db.query<{ user_id: string | null }>(text, [observation_id, id]);
    const [found] = rows;
    return found !== undefined && (found.user_id === null || found.user_id === actor?.id);
  }

  /** A turn, an objection or an exhibit is found only in its session. */
  async function holdsParts({ id, turn_id, objection_id, exhibit_id }: Target): Promise<boolean> {
    const parts = [turn_id, objection_id, exhibit_id];
    if (parts.every((part) => part === undefined)) return true;
    if (!parts.every((part) => part === undefined || isUuid(part))) return false;
    const text = `select ($2::uuid is null or exists (select from session_turns where id = $2 and session_id = $1))
      and ($3::uuid is null or exists (select from objections where id = $3 and session_id = $1))
      and ($4::uuid is null or exists (select from exhibits where id = $4 and session_id = $1)) as held`;
    const { rows } = await db.query<{ held: boolean }>({
      name: 'find-parts',
      text,
      values: [id, ...parts.map((part) => part ?? null)],
    });
    return rows[0]!.held;
  }

  return { demand };
}
