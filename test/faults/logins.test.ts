/** The processes as `deploy/` starts them: each with a login of its own that may play its roles and no others. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { DATABASE_ROLES } from '../../src/core/sql/databaseRoles.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { holdSession } from '../support/installation.ts';
import { runAs } from '../support/managed.ts';
import { killAll, type Process, startProcess, until } from '../support/processes.ts';
import { SECRET } from '../support/secret.ts';

const run = promisify(execFile);

/** What each login may play. */
const LOGINS = {
  api: ['api', 'door', 'verifier'],
  worker: ['feeds', 'verifier', 'worker'],
  relay: ['relay'],
  scheduler: ['worker'],
  signer: ['worker'],
} as const;
type Part = keyof typeof LOGINS;
const PARTS = Object.keys(LOGINS) as Part[];
const ENTRIES = {
  api: 'src/processes/api.js',
  worker: 'jobs/worker.js',
  relay: 'src/processes/relay.js',
  scheduler: 'jobs/scheduler.js',
  signer: 'jobs/signer.js',
};

const prefix = `moot_${randomBytes(4).toString('hex')}`;
const names: string[] = [];
let usual: TestDatabase;
let folder: string;
let url: string;

const as = (login: Part | 'migrator', place = url) =>
  Object.assign(new URL(place), { username: `${prefix}_login_${login}`, password: `the ${login}'s` }).href;

beforeAll(async () => {
  usual = await cloneDatabase();
  folder = mkdtempSync(join(tmpdir(), 'plearoll-logins-'));
  url = await createDatabase();
  await runAs(url, loginsSql(names[0]!));
});

afterAll(async () => {
  for (const name of names) await usual.pool.query(`drop database ${name} with (force)`);
  for (const login of ['migrator', ...PARTS]) await usual.pool.query(`drop role ${prefix}_login_${login}`);
  for (const role of DATABASE_ROLES) await usual.pool.query(`drop role ${prefix}_${role}`);
  rmSync(folder, { recursive: true, force: true });
  await usual.drop();
});

/** As psql would send it. */
function loginsSql(database: string): string {
  const text = readFileSync(join(process.cwd(), 'deploy/logins.sql'), 'utf8');
  return text
    .replaceAll('plearoll_', `${prefix}_`)
    .replaceAll(':"DBNAME"', database)
    .replace(/:'(\w+)'/g, (_, login) => `'the ${login}''s'`);
}

async function createDatabase(): Promise<string> {
  const name = `logins_${randomBytes(4).toString('hex')}`;
  await usual.pool.query(`create database ${name} template template0`);
  names.push(name);
  return Object.assign(new URL(usual.url), { pathname: `/${name}` }).href;
}

async function start(part: Part, login: Part = part): Promise<Process> {
  return startProcess(part, ENTRIES[part], [], {
    ...{ DATABASE_URL: as(login), REDIS_URL: inject('redisUrl')!, DB_ROLE_PREFIX: prefix, NODE_ENV: 'production' },
    ...{ PORT: '0', RELAY_PORT: '0', METRICS_PORT: '0', BLOB_DIR: join(folder, 'blobs'), PLEAROLL_HOME: folder },
    ...((part === 'api' || part === 'relay') && { JWT_SECRET: SECRET, SERVER_SECRET: SECRET }),
  });
}

describe.skipIf(inject('redisUrl') === null)('with a login for each process', () => {
  test('everything works, nobody is more than it needs to be, and the record verifies', async () => {
    const env = { ...process.env, DATABASE_URL: as('migrator'), DB_ROLE_PREFIX: prefix };
    await run(process.execPath, ['dist/src/cli/plearoll.js', 'migrate'], { env });
    const processes = await Promise.all(PARTS.map((part) => start(part)));
    try {
      const [api] = processes;
      await until('a scheduler leads', async () => (await runAs(url, 'select from leases')).rowCount);
      const verdict = await holdSession(api!.url);
      expect(verdict).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
      await until('the log is signed', async () => (await runAs(url, 'select from log_checkpoints')).rowCount);
      const { rows } = await usual.pool.query(
        `select distinct usename::text as login, r.rolsuper or r.rolinherit as is_more from pg_stat_activity
         join pg_roles r on r.rolname = usename where datname = $1 and application_name like 'plearoll-%' order by 1`,
        [names[0]],
      );
      expect(rows).toEqual(PARTS.toSorted().map((part) => ({ login: `${prefix}_login_${part}`, is_more: false })));
    } finally {
      await killAll(processes);
    }
  });

  test.each(PARTS)('the login of %s plays its own roles only, and without one it may nothing', async (part) => {
    await expect(runAs(as(part), 'select from events')).rejects.toMatchObject({ code: '42501' });
    await expect(runAs(as(part), 'create table own (id int)')).rejects.toMatchObject({ code: '42501' });
    const played: string[] = [];
    for (const role of DATABASE_ROLES) {
      const attempt = runAs(as(part), `set role ${prefix}_${role}`);
      if (
        await attempt.then(
          () => true,
          () => false,
        )
      )
        played.push(role);
    }
    expect(played.toSorted()).toEqual(LOGINS[part]);
  });

  test('a process with the login of another does not start, and says what it lacks', async () => {
    await expect(start('worker', 'relay')).rejects.toThrow(`grant ${prefix}_worker to`);
  });

  test.runIf(isEverything)('the login that migrates backs up and restores', async () => {
    const file = join(folder, 'backup');
    expect((await takeBackup(as('migrator'), file, prefix)).report).toMatchObject({ system_valid: true });
    expect(existsSync(file)).toBe(true);
    const other = await createDatabase();
    await usual.pool.query(`alter database ${names[1]} owner to ${prefix}_login_migrator`);
    const { report } = await restoreBackup(as('migrator', other), file, { replace: false, rolePrefix: prefix });
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
  });
});
