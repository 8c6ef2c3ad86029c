/** Two installations share a cluster: each has roles of its own, told apart by the prefix of their names. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { DATABASE_ROLES } from '../../src/core/sql/databaseRoles.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { demandSchema } from '../../src/infra/postgres/schema.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { playRound } from '../support/installation.ts';

const PREFIX = `moot_${randomBytes(4).toString('hex')}`;
const names: string[] = [];
let usual: TestDatabase;
let folder: string;

beforeAll(async () => {
  usual = await cloneDatabase();
  folder = mkdtempSync(join(tmpdir(), 'plearoll-prefix-'));
});

afterAll(async () => {
  for (const name of names) await usual.pool.query(`drop database ${name} with (force)`);
  for (const role of DATABASE_ROLES) await usual.pool.query(`drop role if exists ${PREFIX}_${role}`);
  rmSync(folder, { recursive: true, force: true });
  await usual.drop();
});

async function emptyDatabase(): Promise<string> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await usual.pool.query(`create database ${name} template template0`);
  names.push(name);
  return Object.assign(new URL(usual.url), { pathname: `/${name}` }).href;
}

test.runIf(isEverything)(
  'an installation with a prefix of its own plays, verifies, backs up and restores beside another',
  async () => {
    const url = await emptyDatabase();
    const { verdict } = await playRound(url, { DB_ROLE_PREFIX: PREFIX });
    expect(verdict).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
    const file = join(folder, 'backup');
    expect((await takeBackup(url, file, PREFIX)).report).toMatchObject({ system_valid: true, guard_issues: [] });
    const { report } = await restoreBackup(await emptyDatabase(), file, { replace: false, rolePrefix: PREFIX });
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 1, guard_issues: [] });
  },
);

test('its roles may do in its database what the usual ones may in theirs, and nothing there', async () => {
  const url = await emptyDatabase();
  await migrate(url, { rolePrefix: PREFIX });
  const ours = openPool(url, 'worker', 1, () => {}, PREFIX);
  await expect(ours.query('select from events')).resolves.toMatchObject({ rowCount: 0 });
  await ours.end();
  for (const [place, prefix] of [
    [usual.url, PREFIX],
    [url, 'plearoll'],
  ] as const) {
    const stranger = openPool(place, 'worker', 1, () => {}, prefix);
    await expect(stranger.query('select from events')).rejects.toMatchObject({ code: '42501' });
    await stranger.end();
  }
});

test('a database that was migrated with another prefix is refused with a sentence, and left alone', async () => {
  const sentence = `The database was migrated with DB_ROLE_PREFIX=plearoll, and here it is ${PREFIX}.`;
  await expect(migrate(usual.url, { rolePrefix: PREFIX })).rejects.toThrow(sentence);
  await expect(demandSchema(usual.url, 'worker', PREFIX)).rejects.toThrow(sentence);
  await expect(playRound(usual.url, { DB_ROLE_PREFIX: PREFIX })).rejects.toThrow(sentence);
  await expect(takeBackup(usual.url, join(folder, 'refused'), PREFIX)).rejects.toThrow(sentence);
  const file = join(folder, 'usual');
  await takeBackup(usual.url, file);
  for (const replace of [false, true]) {
    await expect(restoreBackup(usual.url, file, { replace, rolePrefix: PREFIX })).rejects.toThrow(sentence);
  }
  await expect(demandSchema(usual.url, 'worker', 'plearoll')).resolves.toBeUndefined();
});
