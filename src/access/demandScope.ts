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

const within = (table: string) => `select exists (select from ${table} where id = $1 and session_id = $2) as held`;

/** Where a part is looked for: by its id, within the session. */
const PARTS: Readonly<Record<string, string>> = {
  turn_id: within('session_turns'),
  objection_id: within('objections'),
  exhibit_id: within('exhibits'),
  observation_id: `select exists (select from session_observations
    where id = $1 and session_id = $2 and (user_id is null or user_id::text = $3)) as held`,
};

export function createScopes(db: Queryable, cache: ScopeCache): Scopes {
  async function demand(target: Target, actor: Actor | null): Promise<Scope> {
    const isAllowed = (scope: Scope) => isVisible(scope, actor);
    const scope = isUuid(target.id) ? await cache.find(target, isAllowed) : undefined;
    if (!scope || !isAllowed(scope)) throw new Problem('not_found');
    for (const [name, part] of Object.entries(target.parts ?? {})) {
      if (!(await holdsPart(target.id, name, part, actor))) throw new Problem('not_found');
    }
    return scope;
  }

  /** What is no uuid is nowhere; an observation is found only by its maker, or by anybody where that had no token. */
  async function holdsPart(whole: string, name: string, part: string, actor: Actor | null): Promise<boolean> {
    if (!isUuid(part)) return false;
    const values = name === 'observation_id' ? [part, whole, actor?.id ?? null] : [part, whole];
    const { rows } = await db.query<{ held: boolean }>({ name: `find-${name}`, text: PARTS[name]!, values });
    return rows[0]!.held;
  }

  return { demand };
}
