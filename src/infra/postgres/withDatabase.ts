/**
 * The database that the settings mean: DATABASE_URL, or the Postgres of PLEAROLL_HOME. The latter is started for the
 * purpose, or, where `npm start` is running it and the purpose is only to read, found.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../process/config.ts';
import { startEmbeddedPostgres } from './embeddedPostgres.ts';
import { HomeInUseError, openHome } from './plearollHome.ts';
import { outsideFolder } from './postgresBinaries.ts';

/** @param isShared may it be in use? @throws {HomeInUseError} where it is and may not be */
export async function withDatabase<T>(
  { DATABASE_URL, PLEAROLL_HOME }: Config,
  isShared: boolean,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (DATABASE_URL !== undefined) return work(DATABASE_URL);
  const home = await openHome(PLEAROLL_HOME).catch((error) => {
    if (!isShared || !(error instanceof HomeInUseError)) throw error;
    return undefined;
  });
  if (!home) return work(await findRunning(PLEAROLL_HOME));
  try {
    const postgres = await startEmbeddedPostgres({ home: home.path, say: (line) => console.error(line) });
    return await work(postgres.url).finally(() => postgres.stop());
  } finally {
    await home.release();
  }
}

/** The database that `npm start` is running in that folder. @throws where none runs */
export async function findRunning(given: string): Promise<string> {
  const home = await realpath(given);
  const password = (await readFile(join(home, 'postgres-password'), 'utf8')).trim();
  for (const folder of [home, await outsideFolder(home)]) {
    // The fourth line of a running server's file is its port.
    const lines = await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
    const port = Number(lines.split('\n')[3]);
    if (port > 0) return `postgres://plearoll:${password}@127.0.0.1:${port}/plearoll`;
  }
  throw new Error(`The Postgres of ${home} is starting or stopping just now; try again.`);
}
