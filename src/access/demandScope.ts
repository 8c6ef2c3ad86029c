/** Scope at the door: what is out of it is answered like what does not exist. */

import { isUuid } from '../core/chain/ids.ts';
import type { Actor } from '../core/definitions/actor.ts';
import type { Target } from '../core/definitions/command.ts';
import { Problem } from '../core/definitions/problem.ts';
import type { Table } from '../core/definitions/table.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { isVisible, type Scope, scopeOfInstitution } from './scope.ts';
import type { ScopeCache } from './scopeCache.ts';

export interface Scopes {
  /** @throws {Problem} 404 for what does not exist and for what this person may not see: nobody can tell which */
  demand(target: Target, actor: Actor | null): Promise<Scope>;
}

export function createScopes(db: Queryable, cache: ScopeCache): Scopes {
  async function demand(target: Target, actor: Actor | null): Promise<Scope> {
    const isAllowed = (scope: Scope) => isVisible(scope, actor);
    const scope = isUuid(target.id) ? await findFacts(target, isAllowed) : undefined;
    if (!scope || !isAllowed(scope)) throw new Problem('not_found');
    // What is no uuid is nowhere.
    for (const { table, id } of target.parts ?? []) {
      if (!isUuid(id) || !(await holds(target.id, table, id, actor))) throw new Problem('not_found');
    }
    return scope;
  }

  async function findFacts(target: Target, isAllowed: (scope: Scope) => boolean): Promise<Scope | undefined> {
    return target.kind === 'institution' ? scopeOfInstitution(target.id.toLowerCase()) : cache.find(target, isAllowed);
  }

  async function holds(whole: string, table: Table, id: string, actor: Actor | null): Promise<boolean> {
    const { text, isPersonal } = finderOf(table);
    const values = isPersonal ? [id, whole, actor?.id ?? null] : [id, whole];
    const { rows } = await db.query<{ held: boolean }>({ name: `find-in-${table.name}`, text, values });
    return rows[0]!.held;
  }

  return { demand };
}

interface Finder {
  text: string;
  /** A row is found only by the person whom it names. */
  isPersonal: boolean;
}

/** Looks for a row by its id, within the stream that owns it. */
function finderOf({ name, primary_key: [id], owner, found_for }: Table): Finder {
  const isPersonal = found_for !== undefined;
  const person = isPersonal ? ` and (${found_for} is null or ${found_for}::text = $3)` : '';
  return {
    isPersonal,
    text: `select exists (select from ${name} where ${id} = $1 and ${owner} = $2${person}) as held`,
  };
}
