/** A database as the door and the relay have it, where each statement is counted, and which may be away. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';

export interface CountedDatabase {
  database: TestDatabase;
  countAs(role: 'door' | 'relay', isAway?: () => boolean): { db: Queryable; statements(): number };
  drop(): Promise<void>;
}

export async function openCounted(): Promise<CountedDatabase> {
  const database = await cloneDatabase();
  const open = (role: 'door' | 'relay') => openPool(database.url, role, 1, () => {});
  const pools = { door: open('door'), relay: open('relay') };
  return {
    database,
    countAs(role, isAway = () => false) {
      let statements = 0;
      const query = (statement: never) => {
        statements += 1;
        return isAway() ? Promise.reject(new Error('away')) : pools[role].query(statement);
      };
      return { db: { query } as unknown as Queryable, statements: () => statements };
    },
    async drop() {
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
      await database.drop();
    },
  };
}
