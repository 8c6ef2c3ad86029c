/**
 * Restores a backup into a database of its own: the schema it was taken under, its rows in one transaction under every
 * trigger and check, so that the database itself recomputes each hash, then the schema of this version. All of the
 * file is checked before anything is touched.
 */
import type pg from 'pg';
import { migrate, unmake } from '../../migrations/migrate.ts';
import type { Blobs } from '../core/definitions/files.ts';
import { DEFAULT_ROLE_PREFIX, roleName } from '../core/sql/databaseRoles.ts';
import { readErasures } from '../infra/erasuresFile.ts';
import { demandKnownSchema, demandOurRoles, readSchema } from '../infra/postgres/schema.ts';
import { takeRole } from '../infra/postgres/takeRole.ts';
import type { RecordReport } from '../integrity/recordReport.ts';
import { verifyRecord } from '../integrity/verifyRecord.ts';
import { catalog } from '../modules.ts';
import { type Counts, checkArchive, type Header, readArchive } from './archive.ts';
import { eraseAgain } from './eraseAgain.ts';
import { openClient } from './openClient.ts';
import { copied, readTables, restoreSequences, type Table } from './tables.ts';
import { copyIn } from './wire.ts';

export interface Restored {
  header: Header;
  counts: Counts;
  report: RecordReport;
  /** How many payloads were erased again. */
  erased_again: number;
}

export interface RestoreOptions {
  /** Takes what is in the database out first. */
  replace: boolean;
  /**
   * The restored one runs beside the original: it is an installation of its own, in what it shares with others.
   * Otherwise it takes the original's place, and keeps its name. Either honours none of the tickets of before.
   */
  copy?: boolean;
  /** Where the exhibits' files should be; with null they are not looked at. */
  blobs?: Blobs | null;
  /** The file of the erasures that were made since, or before; without it what the backup holds stays. */
  erasuresFile?: string;
  /** Of the installation's roles. */
  rolePrefix?: string;
}

// An older backup holds a secret. And a file that is older than this may be named by a newer backup alone.
const AFTER_RESTORE = `
  update installation set restored_at = clock_timestamp();
  update ticket_secrets set secret = default, next_secret = default, last_secret = null, rotated_at = default`;

/** @throws where the file is not whole or of a newer version, or the database is in use or not empty: nothing is changed */
export async function restoreBackup(
  url: string,
  file: string,
  { replace, copy = false, blobs = null, erasuresFile, rolePrefix = DEFAULT_ROLE_PREFIX }: RestoreOptions,
): Promise<Restored> {
  const header = await checkArchive(file);
  const erasures = erasuresFile === undefined ? [] : await readErasures(erasuresFile);
  demandKnownSchema(header.migrations);
  const applied = await withClient(url, async (client) => {
    await demandUnused(client);
    const found = await readSchema(client);
    demandKnownSchema(found);
    await demandOurRoles(client, rolePrefix);
    if (!replace && found.length > 0) await demandEmpty(client, roleName(rolePrefix, 'worker'));
    return found;
  });
  if (replace || JSON.stringify(applied) !== JSON.stringify(header.migrations)) await unmake(url, rolePrefix);
  await migrate(url, { wanted: header.migrations, rolePrefix });
  const counts = await withClient(url, (client) => load(client, file));
  await migrate(url, { rolePrefix });
  await withClient(url, (client) => client.query(AFTER_RESTORE));
  const erased_again = await withClient(
    url,
    async (client) => {
      await takeRole(client, roleName(rolePrefix, 'worker'), {});
      return eraseAgain(client as never, erasures);
    },
    true,
  );
  const report = await withClient(url, async (client) => {
    if (copy) await client.query('update installation set id = default');
    await client.query('analyze');
    await takeRole(client, roleName(rolePrefix, 'verifier'), {});
    return verifyRecord(client as never, catalog, { institution_id: null }, undefined, blobs);
  });
  return { header, counts, report, erased_again };
}

async function demandUnused(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; count: number }>(`
    select application_name as name, count(*) from pg_stat_activity
    where datname = current_database() and application_name like 'plearoll-%' and pid <> pg_backend_pid() group by 1`);
  if (rows.length === 0) return;
  const who = rows.map(({ name, count }) => `${count} of ${name}`).join(', ');
  throw new Error(`The database is in use (connections: ${who}). Stop every process first.`);
}

/** @param role one that sees every row: an owner whom row security binds may see none */
async function demandEmpty(client: pg.Client, role: string): Promise<void> {
  await takeRole(client, role, {});
  const { rows } = await client.query<{ filled: boolean }>(
    'select exists (select from streams) or exists (select from commands) as filled',
  );
  await client.query('reset role');
  if (!rows[0]!.filled) return;
  throw new Error('The database is not empty. Restore into an empty one, or say --replace to lose what is in it.');
}

/**
 * All of it or nothing. COPY refuses whom row security binds, so the tables' owner, who may be no superuser, is let off it until
 * the rows are in; nobody else sees the tables so.
 */
async function load(client: pg.Client, file: string): Promise<Counts> {
  await client.query('begin');
  const tables = await readTables(client);
  const bound = await readForced(client);
  await alterAll(client, bound, 'no force row level security');
  const compare = async (header: Header) => {
    const [ours, theirs] = [tables, header.tables].map((list) => JSON.stringify(list.map(inAnyOrder).sort(byName)));
    if (ours !== theirs) throw new Error('The tables of the backup are not those of its schema.');
    // Migrating leaves rows of its own, which the backup has as they were.
    for (const { name } of tables.toReversed())
      await client.query(`delete from public.${client.escapeIdentifier(name)}`);
  };
  const counts = await readArchive(file, compare, (table, rows) =>
    copyIn(client, `copy ${copied(client, table)} from stdin`, rows),
  );
  await restoreSequences(client);
  // A table is not altered while checks of its rows are put off.
  await client.query('set constraints all immediate');
  await alterAll(client, bound, 'force row level security');
  await client.query('commit');
  return counts;
}

async function readForced(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relforcerowsecurity order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function alterAll(client: pg.Client, tables: string[], change: string): Promise<void> {
  for (const name of tables) await client.query(`alter table public.${client.escapeIdentifier(name)} ${change}`);
}

/** A column that was added again is the last. */
function inAnyOrder({ name, columns }: Table): Table {
  return { name, columns: columns.toSorted() };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>, pipeline = false): Promise<T> {
  const client = await openClient(url, 'plearoll-restore', pipeline);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
