/**
 * Reading for an actor: in a transaction that declares the actor and the session, so that Postgres itself shows
 * only what is in scope. The declaration ends with the transaction; without one nothing of any tenant is
 * visible. No actor has more than their share of the connections.
 */
import type pg from 'pg';
import type { Actor } from '../../core/definitions/actor.ts';
import { pipelined } from '../../core/sql/pipelined.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { inTransaction } from '../../infra/postgres/database.ts';
import { shareOut } from '../door/shares.ts';

type Read<T> = (db: Queryable) => Promise<T>;

export interface Reading {
  /** @param session_id the one session whose events may be read, where it is in scope */
  inScope<T>(actor: Actor, session_id: string | null, read: Read<T>): Promise<T>;
  /** The same for what goes by keys alone, as before commands: one plan does for all values. Postgres would make another each time. */
  byKeys<T>(actor: Actor, session_id: string | null, read: Read<T>): Promise<T>;
  /** From the verifier nothing is hidden; that the asker may know the answer has to be checked before. */
  asVerifier<T>(actor: Actor, read: Read<T>): Promise<T>;
}

const DECLARE = {
  name: 'declare-scope',
  text: `
    select set_config('plearoll.user_id', $1, true), set_config('plearoll.institution_id', $2, true),
      set_config('plearoll.role', $3, true), set_config('plearoll.session_id', $4, true),
      set_config('plan_cache_mode', $5, true)`,
};

type Plans = 'auto' | 'force_generic_plan';

// A client waits for this read; background verification has no statement timeout.
const VERIFIED_WITHIN_MS = 15_000;

/** @param pool of role `api`; @param verifierPool of role `verifier` */
export function createReading(pool: pg.Pool, verifierPool: pg.Pool): Reading {
  const shares = shareOut(pool.options.max);
  const verifierShares = shareOut(verifierPool.options.max);

  function planned<T>(plans: Plans, actor: Actor, session_id: string | null, read: Read<T>): Promise<T> {
    const user_id = actor.role === 'anonymous' ? '' : actor.id;
    const values = [user_id, actor.institution_id ?? '', actor.role, session_id ?? '', plans];
    // The declaration is not waited for: where it fails, so does every statement behind it.
    const declared = async (db: Queryable) => {
      const [, result] = await pipelined([db.query({ ...DECLARE, values }), read(db)] as const);
      return result;
    };
    return shares.run(actor, () => inTransaction(pool, declared, { begin: 'begin read only' }));
  }

  function asVerifier<T>(actor: Actor, read: Read<T>): Promise<T> {
    const begin = `begin read only; set local statement_timeout = ${VERIFIED_WITHIN_MS}`;
    return verifierShares.run(actor, () => inTransaction(verifierPool, read, { begin }));
  }

  return {
    inScope: (...asked) => planned('auto', ...asked),
    byKeys: (...asked) => planned('force_generic_plan', ...asked),
    asVerifier,
  };
}
