/** The databases of a tampering test: clones of the template, in a time zone that no verifier may depend on. */
import { type TestDatabase as Clone, cloneDatabase } from '../support/database.ts';

export interface TestDatabase {
  /** Superuser, migrated. */
  url: string;
  /** Another database of the same server, migrated and empty. */
  another(): Promise<string>;
  close(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const clones: Clone[] = [];
  const another = async () => {
    const clone = await cloneDatabase();
    clones.push(clone);
    await clone.pool.query(`alter database ${new URL(clone.url).pathname.slice(1)} set timezone = 'Asia/Kathmandu'`);
    return clone.url;
  };
  return {
    url: await another(),
    another,
    close: async () => void (await Promise.all(clones.map((clone) => clone.drop()))),
  };
}
