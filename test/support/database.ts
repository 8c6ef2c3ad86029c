/**
 * A database of a test file's own, cloned from the migrated template in a tenth of a second. It is kept where a test of
 * the file has failed.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { markFailed } from './failedDatabases.ts';
import { failedTest } from './failedTest.ts';

const IN_USE = '55006';

export interface TestDatabase {
  /** Superuser. */
  url: string;
  pool: pg.Pool;
  drop(): Promise<void>;
}

export async function cloneDatabase(): Promise<TestDatabase> {
  const template = new URL(inject('postgresUrl'));
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Nobody writes to the template: its files are copied, where the usual way reads and logs each of their pages.
  const copying = `create database ${name} template ${template.pathname.slice(1)} strategy file_copy`;
  await insist(copying);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 4 });
  pool.on('error', () => {});
  // An installation of its own: the template's id would be that of every clone.
  await pool.query('update installation set id = default');
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end();
      const failed = failedTest();
      if (failed !== undefined) {
        console.error(`kept for ${failed}: ${url.href}`);
        await asAdmin().query(markFailed(name, failed));
        return;
      }
      await insist(`drop database if exists ${name} with (force)`);
    },
  };
}

/** Postgres waits five seconds until everybody has left a database, which on a busy machine may be too short. */
async function insist(text: string, tries = 6): Promise<void> {
  try {
    await asAdmin().query(text);
  } catch (fault) {
    if ((fault as pg.DatabaseError).code !== IN_USE || tries === 1) throw fault;
    await insist(text, tries - 1);
  }
}

let admins: pg.Pool | undefined;

/** One connection for all files of a worker. */
function asAdmin(): pg.Pool {
  if (admins) return admins;
  const url = new URL(inject('postgresUrl'));
  url.pathname = '/postgres';
  admins = new pg.Pool({ connectionString: url.href, max: 1, allowExitOnIdle: true });
  admins.on('error', () => {});
  return admins;
}
