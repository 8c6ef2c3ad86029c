/**
 * `npm run psql`: opens psql on the database of DATABASE_URL, or on the embedded one that runs in PLEAROLL_HOME. Arguments
 * behind `--` go to psql: `npm run -s psql -- -c 'select count(*) from events'`.
 */
import { spawn } from 'node:child_process';
import { findRunning } from '../infra/postgres/withDatabase.ts';
import { type Config, readConfig } from '../infra/process/config.ts';

try {
  const url = await findDatabase(readConfig(process.env, 'all', false));
  process.exitCode = await openPsql(new URL(url), process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function findDatabase({ DATABASE_URL, PLEAROLL_HOME }: Config): Promise<string> {
  if (DATABASE_URL !== undefined) return DATABASE_URL;
  return findRunning(PLEAROLL_HOME).catch(() => {
    throw new Error(`No Postgres runs in ${PLEAROLL_HOME}: start one with npm start, or set DATABASE_URL.`);
  });
}

/** @returns its exit code */
function openPsql(url: URL, args: string[]): Promise<number> {
  const password = decodeURIComponent(url.password);
  // The password goes by the environment: a command line is read by everybody on the machine.
  url.password = '';
  const env = { ...process.env, ...(password && { PGPASSWORD: password }) };
  // Ctrl-C ends a statement of psql, not this process before it.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    const psql = spawn('psql', [...args, url.href], { stdio: 'inherit', env });
    psql.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const missing = `psql is not installed: it comes with the client of Postgres. The database is at ${url.href}`;
      reject(new Error(code === 'ENOENT' ? missing : message));
    });
    psql.once('exit', (code) => resolve(code ?? 1));
  });
}
