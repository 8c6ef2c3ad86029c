/** A backup is the record, whole, exact and at one moment; what is not is refused before anything is touched. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import canonicalize from 'canonicalize';
import knexModule, { type Knex } from 'knex';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { writeBatch } from '../../src/core/apply/transaction.ts';
import { chainEvent, EVENT_COLUMNS, type EventRow, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { type Head, kindOf } from '../../src/core/definitions/stream.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { OURS, readSchema } from '../../src/infra/postgres/schema.ts';
import { catalog } from '../../src/modules.ts';
import { tables } from '../../src/tables.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { completedRound, completedSession, openCourt } from './recordFixture.ts';

/** Tables with rows of completed sessions. */
const FROZEN = tables.filter(({ frozen_with }) => frozen_with !== null).map(({ name }) => name);

/** Sessions were recorded under these before there were formats. */
const BEFORE_FORMATS = OURS.slice(0, OURS.indexOf('0009_turns'));

let folder: string;
let source: TestDatabase;
let backup: string;
/** Of a file, in which a byte is changed. */
const PLACES = isEverything ? 12 : 4;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plearoll-backup-'));
  source = await cloneDatabase();
  backup = join(folder, 'whole');
  await holdCourt(source);
  await takeBackup(source.url, backup);
});

afterAll(async () => {
  await source.drop();
  await rm(folder, { recursive: true, force: true });
});

async function holdCourt({ url }: TestDatabase): Promise<void> {
  const court = openCourt(url);
  for (let n = 0; n < 3; n += 1) await completedSession(court, await court.assignment());
  await completedRound(court, await court.assignment());
  await court.session(await court.assignment(), { text: 'tab \t, line \n, back\\slash, \\N, \\. and “quotes”' });
  await court.close();
}

/** A pending session and one that was started and sealed, as they were recorded before there were formats. */
async function holdOlderCourt({ url, pool }: TestDatabase): Promise<{ pending: string; sealed: string }> {
  const court = openCourt(url);
  const pending = await court.session(await court.assignment());
  const sealed = await court.session(await court.assignment());
  await court.close();
  const stream = `session:${sealed}`;
  const { rows } = await pool.query(
    `select assignment_id, institution_id, title, courtroom, visibility, metadata, created_at, sequence,
       encode(event_hash, 'hex') as event_hash
     from courtroom_sessions s join streams on stream = 'session:' || s.id where s.id = $1`,
    [sealed],
  );
  const { sequence, event_hash, created_at, ...session } = rows[0];
  const [started_at, ended_at] = [1, 2].map((ms) => new Date(created_at.getTime() + ms).toISOString()) as [
    string,
    string,
  ];
  const next = (head: Head, type: string, payload: JsonObject, at: string) =>
    chainEvent(stream, head, { kind: 'session', type, payload }, randomUUID(), 'system', at);
  const started = next({ sequence, event_hash, occurred_at: null }, 'SESSION_STARTED', {}, started_at);
  const final = { ...session, id: sealed, status: 'completed', created_at, started_at, ended_at };
  const text = canonicalize({ ...final, recording_url: null, participants: [] })!;
  const seal = { event_count: 3, recording_url: null, state_digest: createHash('sha256').update(text).digest('hex') };
  const completed = next(headAfter(started), 'SESSION_COMPLETED', seal, ended_at);
  const moved = new Map([[stream, { head: headAfter(completed), state: null }]]);
  await writeBatch(pool as never, { rows: [started, completed], moved, outcomes: [] } as unknown as Decided);
  await pool.query(
    `update courtroom_sessions set status = 'completed', started_at = $2, ended_at = $3, integrity_hash = $4 where id = $1`,
    [sealed, started_at, ended_at, completed.event_hash],
  );
  return { pending, sealed };
}

/** Takes back what came after these migrations. */
async function migrateDown(url: string, kept: readonly string[]): Promise<void> {
  const knex = knexModule.default({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> = {
    getMigrations: async () => migrations,
    getMigrationName: ({ name }) => name,
    getMigration: async (migration) => migration,
  };
  for (let left = OURS.length; left > kept.length; left -= 1) await knex.migrate.down({ migrationSource });
  await knex.destroy();
}

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await cloneDatabase();
  onTestFinished(() => database.drop());
  return database;
}

/** Every stream as it is given to a stranger. */
async function exports({ pool }: TestDatabase): Promise<string> {
  const { rows } = await pool.query<EventRow>(
    `select ${EVENT_COLUMNS} from events e left join event_payloads p using (stream, sequence) order by stream, sequence`,
  );
  return rows.map((row) => JSON.stringify(exportedEvent(row, catalog.kinds.get(kindOf(row.stream))!))).join('\n');
}

/** Every row of every table, as text. */
async function everything({ pool }: TestDatabase): Promise<Record<string, string[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
       and relname not like 'knex%' order by 1`,
  );
  const all: Record<string, string[]> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t order by 1`);
    all[name] = rows.map(({ row }) => row);
  }
  return all;
}

/** But for what a restore makes anew. */
const backedUp = ({ installation: _, ticket_secrets: __, ...rest }: Record<string, string[]>) => rest;

/** The backup with its text changed and, as a clever hand would, its checksum made to fit. */
async function forged(name: string, change: (text: string) => string): Promise<string> {
  const lines = change(gunzipSync(await readFile(backup)).toString()).split('\n');
  const trailer = JSON.parse(lines.at(-2)!);
  const content = `${lines.slice(0, -2).join('\n')}\n`;
  trailer.sha256 = createHash('sha256').update(content).digest('hex');
  const file = join(folder, name);
  await writeFile(file, gzipSync(`${content}${JSON.stringify(trailer)}\n`));
  return file;
}

/** Of a version that kept its one secret with the installation. */
async function olderBackup(): Promise<{ file: string; secret: string }> {
  const { url, pool } = await emptyDatabase();
  await migrateDown(url, OURS.slice(0, OURS.indexOf('0032_ticket_secrets')));
  const { rows } = await pool.query('select ticket_secret from installation');
  const file = join(folder, 'with a secret');
  await takeBackup(url, file);
  return { file, secret: rows[0].ticket_secret };
}

async function expectRefused(file: string, database: TestDatabase, why: RegExp): Promise<void> {
  const before = await everything(database);
  await expect(restoreBackup(database.url, file, { replace: false })).rejects.toThrow(why);
  expect(await everything(database)).toEqual(before);
}

describe('a backup', () => {
  test('restored is the same in every row and every export, guarded as before, and goes on counting', async () => {
    const database = await emptyDatabase();
    const { report, counts } = await restoreBackup(database.url, backup, { replace: false });
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 5, guard_issues: [] });
    const original = await exports(source);
    expect(original.split('\n').length).toBe(counts.events);
    expect(await exports(database)).toBe(original);
    expect(backedUp(await everything(database))).toEqual(backedUp(await everything(source)));
    await expect(database.pool.query('update events set actor_id = $1', ['x'])).rejects.toThrow('append-only');
    for (const table of FROZEN) {
      await expect(database.pool.query(`delete from ${table}`)).rejects.toThrow(`delete of ${table} is refused`);
    }
    await holdCourt(database);
    const { rows } = await database.pool.query(
      'select count(*)::int as all, count(distinct position)::int as places from commands',
    );
    expect(rows[0].places).toBe(rows[0].all);
  });

  test('restored is the same installation, and as a copy one of its own; when it was restored is written down', async () => {
    const installationOf = async ({ pool }: TestDatabase) =>
      (await pool.query('select id, restored_at > clock_timestamp() as is_restored from installation')).rows[0];
    const target = await cloneDatabase();
    const own = await installationOf(source);
    expect(own.is_restored).toBeNull();
    await restoreBackup(target.url, backup, { replace: false });
    expect(await installationOf(target)).toEqual({ id: own.id, is_restored: false });
    const { report } = await restoreBackup(target.url, backup, { replace: true, copy: true });
    expect(await installationOf(target)).toEqual({ id: expect.not.stringContaining(own.id), is_restored: false });
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 5 });
    await target.drop();
  });

  test('holds no secret, and what is restored makes its own, from an older backup too', async () => {
    const secretsOf = async ({ pool }: TestDatabase): Promise<string[]> => {
      const { rows } = await pool.query('select secret, next_secret from ticket_secrets');
      return Object.values(rows[0]);
    };
    const known = await secretsOf(source);
    expect(known).toHaveLength(2);
    const text = gunzipSync(await readFile(backup)).toString();
    for (const secret of known) expect(text).not.toContain(secret);
    const older = isEverything ? [await olderBackup()] : [];
    const target = await emptyDatabase();
    for (const { file, secret } of [{ file: backup, secret: known[0]! }, ...older]) {
      await restoreBackup(target.url, file, { replace: true });
      const made = await secretsOf(target);
      expect(new Set(made).size).toBe(2);
      for (const one of [...known, secret]) expect(made).not.toContain(one);
    }
  });

  test('restored gives numbers of the inbox again, and its mark begins before them', async () => {
    await source.pool.query(`update inbox_mark set low_water = 1000000, stuck = '{session:1}', stuck_from = '{5}'`);
    const file = join(folder, 'pruned');
    await takeBackup(source.url, file);
    await source.pool.query(`update inbox_mark set low_water = 0, stuck = '{}', stuck_from = '{}'`);
    const database = await emptyDatabase();
    await restoreBackup(database.url, file, { replace: false });
    const { rows } = await database.pool.query('select low_water::integer, stuck, stuck_from from inbox_mark');
    expect(rows).toEqual([{ low_water: 0, stuck: [], stuck_from: [] }]);
  });

  test('taken while others write has the state of one moment, and keeps nobody waiting', async () => {
    const database = await emptyDatabase();
    await holdCourt(database);
    let done = false;
    const writing = (async () => {
      for (; !done; ) await holdCourt(database);
    })();
    const file = join(folder, 'meanwhile');
    const { report } = await takeBackup(database.url, file).finally(() => {
      done = true;
    });
    await writing;
    expect(report).toMatchObject({ system_valid: true });
    const other = await emptyDatabase();
    const restored = await restoreBackup(other.url, file, { replace: false });
    expect(restored.report).toMatchObject({ system_valid: true, events_checked: restored.counts.events });
  });

  test.runIf(isEverything)(
    'holds its snapshot for the copy alone: what it verifies afterwards keeps nobody from anything',
    async () => {
      const database = await emptyDatabase();
      await database.pool.query(`
      insert into streams select 'session:' || gen_random_uuid(), 0, decode(repeat('00', 32), 'hex')
      from generate_series(1, 20000)`);
      const file = join(folder, 'long');
      let done = false;
      const taking = takeBackup(database.url, file).finally(() => {
        done = true;
      });
      await vi.waitUntil(() => existsSync(file), { timeout: 20_000, interval: 2 });
      await database.pool.query('begin; lock table commands; rollback');
      expect(done).toBe(false);
      expect((await taking).report).toMatchObject({ streams_checked: 20_000 });
    },
  );

  test('does not replace a file that is there', async () => {
    const before = await readFile(backup);
    await expect(takeBackup(source.url, backup)).rejects.toThrow('is there already');
    expect(await readFile(backup)).toEqual(before);
  });

  test.runIf(isEverything)('of an older schema is restored under it and then migrated', async () => {
    const older = await emptyDatabase();
    const { pending } = await holdOlderCourt(older);
    await migrateDown(older.url, BEFORE_FORMATS);
    const file = join(folder, 'older');
    expect((await takeBackup(older.url, file)).report).toBeNull();
    const database = await emptyDatabase();
    const { report } = await restoreBackup(database.url, file, { replace: false });
    expect(report).toMatchObject({ system_valid: true, sessions_checked: 2, invalid_sessions: [] });
    expect(await readSchema(database.pool as unknown as pg.Client)).toEqual(OURS);
    expect(await exports(database)).toBe(await exports(older));
    const court = openCourt(database.url);
    await court.send(['session.start', { session_id: pending }]);
    const { rows } = await court.verifier.query('select state from session_turns where session_id = $1', [pending]);
    expect(rows).toHaveLength(5);
    await court.close();
  });
});

describe('restoring refuses', () => {
  test('a file that is cut off, wherever', async () => {
    const database = await emptyDatabase();
    const whole = await readFile(backup);
    const file = join(folder, 'cut');
    const places = [5, Math.floor(whole.length / 2), whole.length - 9, 0, 100, whole.length - 30];
    for (const bytes of someOf(places, 3)) {
      await writeFile(file, whole.subarray(0, bytes));
      await expectRefused(file, database, /cut off|altered|damaged/);
    }
    const lines = gunzipSync(whole).toString().split('\n');
    await writeFile(file, gzipSync(`${lines.slice(0, -2).join('\n')}\n`));
    await expectRefused(file, database, /cut off/);
  });

  test('a file in which one byte is another, wherever', async () => {
    const database = await emptyDatabase();
    const file = join(folder, 'altered');
    const whole = await readFile(backup);
    for (let at = 20; at < whole.length; at += Math.floor(whole.length / PLACES)) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x10;
      await writeFile(file, bytes);
      await expectRefused(file, database, /cut off|altered|damaged|lacks|no backup/);
    }
    const text = gunzipSync(whole).toString();
    await writeFile(file, gzipSync(text.replace('Ada', 'Eve')));
    await expectRefused(file, database, /altered/);
  });

  test('an event that was changed with care: its hash does not fit, and nothing is stored', async () => {
    const database = await emptyDatabase();
    const file = await forged('changed event', (text) => text.replaceAll('SESSION_STARTED', 'SESSION_STOPPED'));
    await expectRefused(file, database, /ck_event_hash/);
  });

  test('a backup of a newer version, and names both', async () => {
    const database = await emptyDatabase();
    const file = await forged('newer', (text) => text.replace(`"${OURS.at(-1)}"`, `"${OURS.at(-1)}","9999_later"`));
    await expectRefused(file, database, new RegExp(`9999_later.*${OURS.at(-1)}`));
  });

  test('a database that is not empty, unless it is told to replace it', async () => {
    const database = await emptyDatabase();
    await holdCourt(database);
    await expectRefused(backup, database, /not empty/);
    await restoreBackup(database.url, backup, { replace: true });
    expect(await exports(database)).toBe(await exports(source));
  });

  test('a database that somebody is connected to', async () => {
    const database = await emptyDatabase();
    const pool = openPool(database.url, 'worker', 1, () => {});
    await pool.query('select 1');
    await expectRefused(backup, database, /plearoll-worker/);
    await pool.end();
  });
});

test('a payload that was changed with care is restored for all to see, and found', async () => {
  const database = await emptyDatabase();
  const file = await forged('changed payload', (text) =>
    text.replaceAll('May it please the court', 'May it tease the court'),
  );
  const { report } = await restoreBackup(database.url, file, { replace: false });
  expect(report.system_valid).toBe(false);
  expect(report.invalid_sessions).toHaveLength(3);
});
