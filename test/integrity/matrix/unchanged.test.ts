/**
 * What changes no record is no finding, at any level: the record dumped and restored into a database with another locale, every table
 * and index written anew, and connections that show times, numbers and bytes in other ways.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { restoreBackup } from '../../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../../src/backup/takeBackup.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { verifyLog } from '../../../src/integrity/log/verifyLog.ts';
import { verified } from '../../support/bundles.ts';
import { someOf } from '../../support/everything.ts';
import { bundleFrom } from './bundleFrom.ts';
import { type Ground, judged, openGround } from './ground.ts';
import { verifyAlike } from './sweptAlike.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** In which `I` and `i` are no pair, and no word stands where bytes would put it. */
const TURKISH = `template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' locale 'C'`;

let ground: Ground;
let folder: string;
let url: string;

beforeAll(async () => {
  ground = await openGround();
  folder = await mkdtemp(join(tmpdir(), 'plearoll-unchanged-'));
  const name = `test_${randomBytes(6).toString('hex')}`;
  url = String(Object.assign(new URL(inject('postgresUrl')), { pathname: `/${name}` }));
  await asAdmin(`create database ${name} ${TURKISH}`);
  const backup = join(folder, 'backup');
  await takeBackup(ground.database.url, backup);
  const { report } = await restoreBackup(url, backup, { replace: false });
  expect(report).toMatchObject({ system_valid: true, guard_issues: [] });
});

afterAll(async () => {
  await ground?.close();
  if (folder) await rm(folder, { recursive: true });
  if (url) await asAdmin(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
});

async function asAdmin(text: string): Promise<void> {
  const client = new pg.Client({
    connectionString: String(Object.assign(new URL(inject('postgresUrl')), { pathname: '/postgres' })),
  });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

/** As the verifier sees it, and as the server gives bundles out. */
async function expectIntact(): Promise<void> {
  const [verifier, worker] = (['verifier', 'worker'] as const).map((role) => openPool(url, role, 1, () => {}));
  try {
    for (const level of ['self', 'log', 'anchored'] as const) {
      expect(await judged(verifier as never, level, ground)).toMatchObject({
        verdict: `intact@${level}`,
        findings: [],
      });
    }
    const { swept } = await verifyLog(verifier as never);
    expect(swept).toMatchObject({ are_leaves_sound: true });
    // The other has an erasure, and is always looked at closely.
    expect(swept.isSound(ground.stream)).toBe(true);
    for (const stream of [ground.stream, ground.playedStream]) {
      await verifyAlike(verifier as never, stream, swept);
      const bundle = (await bundleFrom(worker as never, stream))!;
      const report = await verified(bundle, { level: 'anchored', keys: [ground.vkey], checkpoint: ground.stateNote });
      expect(report).toMatchObject({ verdict: 'intact@anchored', findings: [] });
    }
  } finally {
    await Promise.all([verifier!.end(), worker!.end()]);
  }
}

test('a record that was dumped and restored under another locale', expectIntact);

test('tables and indexes that were written anew', async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const tables = `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
  for (const { relname } of (await client.query(tables)).rows) await client.query(`vacuum full ${relname}`);
  await client.query('reindex schema public');
  await client.end();
  await expectIntact();
});

const SETTINGS: string[][] = [
  [`timezone = 'Pacific/Chatham'`],
  [`datestyle = 'SQL, DMY'`, `intervalstyle = 'sql_standard'`],
  [`datestyle = 'German'`, `timezone = 'America/St_Johns'`],
  [`bytea_output = 'escape'`, 'extra_float_digits = -10'],
  ['enable_seqscan = off', 'enable_hashjoin = off', 'enable_indexscan = off', 'enable_sort = off'],
];

test.each(someOf(SETTINGS, 2))('a database that is set to: %s %s', async (...settings) => {
  const name = new URL(url).pathname.slice(1);
  for (const setting of settings) await asAdmin(`alter database ${name} set ${setting}`);
  await expectIntact();
  await asAdmin(`alter database ${name} reset all`);
});

test('functions in a schema that stands before the database’s own are not the ones that hash', async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`create schema forged; grant usage on schema forged to public;
    create function forged.sha256(bytea) returns bytea language sql return $1`);
  const name = new URL(url).pathname.slice(1);
  await client.query(`alter database ${name} set search_path = forged, pg_catalog, public`);
  const verifier = openPool(url, 'verifier', 1, () => {});
  onTestFinished(() => verifier.end());
  const { findings } = await judged(verifier as never, 'log', ground);
  expect(findings.filter(({ check }) => check !== 'guard')).toEqual([]);
  await client.query(`alter database ${name} reset all; drop schema forged cascade`);
});
