/**
 * Scope facts, kept for what is asked for most. They follow the assignment's events: an announcement of one invalidates them, and
 * because that may be lost, nothing is kept for long.
 */
import { LRUCache } from 'lru-cache';
import { type Batcher, createBatcher } from '../core/batcher.ts';
import type { Target } from '../core/definitions/command.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { readAssignmentScopes, readScopes, type Scope } from './scope.ts';

const KEPT = 10_000;
const KEPT_MS = 5_000;
const AT_ONCE = 500;

export interface ScopeCache {
  /**
   * The scope facts of what exists. A refusal is never given from what is kept: one look for it, whether there is
   * something or not, so that nobody can tell from the time it takes.
   */
  find(target: Target, isAllowed: (scope: Scope) => boolean): Promise<Scope | undefined>;
  /** An event of this assignment was committed. */
  forget(assignment_id: string): void;
  /** Such events may have been missed. */
  forgetAll(): void;
}

export function createScopeCache(db: Queryable): ScopeCache {
  const kept = new LRUCache<string, Scope>({ max: KEPT, ttl: KEPT_MS });
  const assignmentOf = new LRUCache<string, string>({ max: KEPT });
  /** What a crowd asks for is read together. */
  const sessions = createReader((ids) => readScopes(db, ids));
  const assignments = createReader((ids) => readAssignmentScopes(db, ids));
  /** What is read while something is forgotten may be older than that. */
  let forgotten = 0;

  async function find(target: Target, isAllowed: (scope: Scope) => boolean): Promise<Scope | undefined> {
    const known = kept.get((target.kind === 'session' ? assignmentOf.get(target.id) : target.id) ?? '');
    if (known && isAllowed(known)) return known;
    const before = forgotten;
    const scope = await (target.kind === 'session' ? sessions : assignments).push(target.id);
    // An assignment without a session may get one any moment.
    if (scope && scope.session_id !== null && before === forgotten) {
      kept.set(scope.assignment_id, scope);
      assignmentOf.set(scope.session_id, scope.assignment_id);
    }
    return scope;
  }

  function forget(assignment_id: string): void {
    forgotten += 1;
    kept.delete(assignment_id);
  }

  function forgetAll(): void {
    forgotten += 1;
    kept.clear();
  }

  return { find, forget, forgetAll };
}

function createReader(read: (ids: string[]) => Promise<Map<string, Scope>>): Batcher<string, Scope | undefined> {
  const readEach = async (ids: string[]) => {
    const found = await read([...new Set(ids)]);
    return ids.map((id) => found.get(id.toLowerCase()));
  };
  return createBatcher(AT_ONCE, readEach, () => true);
}
