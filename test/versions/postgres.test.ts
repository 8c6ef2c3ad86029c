/**
 * Every version of Postgres that is promised, as a managed one gives it: a login that may make roles and is no superuser
 * migrates, plays, backs up and restores, and the record verifies.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { LEFT_OUT } from '../../src/backup/tables.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { openSession } from '../../src/infra/postgres/ownSession.ts';
import type { Shipped } from '../../src/infra/postgres/postgresBinaries.ts';
import { OURS, readSchema } from '../../src/infra/postgres/schema.ts';
import { playRound } from '../support/installation.ts';
import { leaveOut } from '../support/leaveOut.ts';
import { createLogin, type ManagedLogin, runAs } from '../support/managed.ts';

/** Where each version is looked for; the newest is the one that Plearoll brings along. */
const VERSIONS: [version: string, native: string | undefined][] = [
  ['15', '/usr/lib/postgresql/15'],
  ['16', join(import.meta.dirname, 'postgres/node_modules/postgres-16/native')],
  ['17', join(import.meta.dirname, 'postgres/node_modules/postgres-17/native')],
  ['18', undefined],
];

describe.each(VERSIONS)('on Postgres %s a login that is no superuser', (version, native) => {
  const isThere = native === undefined || existsSync(join(native, 'bin', 'initdb'));
  if (!isThere) {
    leaveOut(`the tests on Postgres ${version}`, native!);
    return test.skip('is not tried', () => {});
  }
  let folder: string;
  let postgres: EmbeddedPostgres;
  let login: ManagedLogin;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `plearoll-${version}-`));
    const shipped: Shipped | undefined = native === undefined ? undefined : { native, version };
    const settings = { fsync: 'off' };
    postgres = await startEmbeddedPostgres({ home: folder, say: () => {}, settings, ...(shipped && { shipped }) });
    login = await createLogin(postgres.url);
    url = await login.database();
  });

  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('migrates, twice, plays a round, and the record verifies', async () => {
    const { rows } = await runAs(
      url,
      `select current_setting('server_version') as version, rolsuper as is_superuser
      from pg_roles where rolname = current_user`,
    );
    expect(rows[0]).toMatchObject({ version: expect.stringMatching(`^${version}\\.`), is_superuser: false });
    await migrate(url, { rolePrefix: login.prefix });
    const { verdict } = await playRound(url, { DB_ROLE_PREFIX: login.prefix });
    expect(verdict).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
  });

  test('backs up all of it, and restores it, also over what is there', async () => {
    const file = join(folder, 'backup');
    const { report, counts } = await takeBackup(url, file, login.prefix);
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
    expect(counts).toEqual(await countsAsAdmin(postgres.url, url));
    const other = await login.database();
    for (const replace of [false, true]) {
      const restored = await restoreBackup(other, file, { replace, rolePrefix: login.prefix });
      expect(restored.report).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
      expect(await countsAsAdmin(postgres.url, other)).toEqual(counts);
    }
    const { verdict } = await playRound(other, { DB_ROLE_PREFIX: login.prefix });
    expect(verdict).toMatchObject({ system_valid: true, sessions_checked: 2, guard_issues: [] });
  });

  test('makes no backup that would lack rows, and leaves no file', async () => {
    const [{ prefix }, file] = [login, join(folder, 'lacking')];
    const clerk = Object.assign(new URL(url), { username: `${prefix}_clerk` }).href;
    const admin = Object.assign(new URL(postgres.url), { pathname: new URL(url).pathname }).href;
    await runAs(
      admin,
      `create role ${prefix}_clerk login noinherit password 'known'; grant select on all tables in schema public to ${prefix}_clerk`,
    );
    expect(await refusal(takeBackup(clerk, file, prefix))).toContain(`grant ${prefix}_verifier to "${prefix}_clerk"`);
    await runAs(admin, `grant ${prefix}_verifier, ${prefix}_worker to ${prefix}_clerk`);
    expect(await refusal(takeBackup(clerk, file, prefix))).toMatch(/sees 0 of the \d+ rows of assignments/);
    expect(existsSync(file)).toBe(false);
    await runAs(admin, `drop owned by ${prefix}_clerk; drop role ${prefix}_clerk`);
  });

  test('migrates several databases at once where it is not let into database postgres', async () => {
    await runAs(postgres.url, 'revoke connect on database postgres from public');
    const other = await createLogin(postgres.url);
    const urls = [await other.database(), await other.database(), await other.database()];
    await Promise.all(urls.map((one) => migrate(one, { rolePrefix: other.prefix })));
    for (const one of urls) expect(await readSchemaOf(one)).toEqual(OURS);
    await runAs(postgres.url, 'grant connect on database postgres to public');
  });

  test('is told what an administrator must say, where roles or the database are not its own, and then migrates', async () => {
    const other = await createLogin(postgres.url, '');
    const place = await other.database();
    const again = () => migrate(place, { rolePrefix: other.prefix });
    await runAs(postgres.url, `create role ${other.prefix}_api nologin`);
    const sentence = await refusal(again());
    expect(sentence).toMatch(
      /cannot make and use the database's roles .* An administrator of the cluster says once:\n/,
    );
    const sql = sentence.split('says once:\n')[1]!;
    expect(sql).toContain(`create role ${other.prefix}_door nologin;`);
    expect(sql).not.toContain(`create role ${other.prefix}_api`);
    await runAs(postgres.url, sql);
    const { pathname } = new URL(place);
    await runAs(postgres.url, `alter database ${pathname.slice(1)} owner to plearoll`);
    const advice = /alter database .* owner to .*;$/.exec(await refusal(again()))?.[0];
    await runAs(postgres.url, advice!);
    await again();
    expect(await readSchemaOf(place)).toEqual(OURS);
  });
});

async function readSchemaOf(url: string): Promise<string[]> {
  const client = await openSession(url, 'test');
  return readSchema(client).finally(() => client.end());
}

/** What it says where it does not do it. */
async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it was done',
    (error: Error) => error.message,
  );
}

/** Rows by table, as a superuser counts them. What no backup holds is not counted. */
async function countsAsAdmin(adminUrl: string, url: string): Promise<Record<string, number>> {
  const { pathname } = new URL(url);
  const admin = Object.assign(new URL(adminUrl), { pathname }).href;
  const { rows } = await runAs(
    admin,
    `select relname::text as name, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I', relname), false, true, '')))[1]::text::int as n
     from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'knex%'
       and relname not in ('${LEFT_OUT.join("','")}')`,
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}
