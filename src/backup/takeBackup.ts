/**
 * Takes a backup beside the running system: one snapshot, which sees neither half a command nor anything newer, and
 * which blocks nobody. The record is verified right afterwards, each page in a snapshot of its own, with what was appended
 * by then; unless it is older than this version knows it: then it is verified when it is restored, under the schema of this
 * version.
 */

import { DEFAULT_ROLE_PREFIX, roleName } from '../core/sql/databaseRoles.ts';
import { demandOurRoles, OURS, readSchema, SchemaError } from '../infra/postgres/schema.ts';
import { takeRole } from '../infra/postgres/takeRole.ts';
import type { RecordReport } from '../integrity/recordReport.ts';
import { verifyRecord } from '../integrity/verifyRecord.ts';
import { catalog } from '../modules.ts';
import { type Counts, writeArchive } from './archive.ts';
import { countRows } from './countRows.ts';
import { openClient } from './openClient.ts';
import { copied, readTables } from './tables.ts';
import { copyOut } from './wire.ts';

export interface Taken {
  taken_at: string;
  counts: Counts;
  /** Null where the database has an older schema. */
  report: RecordReport | null;
}

/** @throws when the file exists, or the database has no schema */
export async function takeBackup(url: string, file: string, rolePrefix = DEFAULT_ROLE_PREFIX): Promise<Taken> {
  const client = await openClient(url, 'plearoll-backup');
  try {
    await client.query('begin isolation level repeatable read, read only');
    const migrations = await readSchema(client);
    await demandOurRoles(client, rolePrefix);
    if (migrations.length === 0) throw new SchemaError('There is nothing to back up: the database has no schema.');
    const { rows } = await client.query<{ now: string }>('select now()');
    const taken_at = rows[0]!.now;
    const tables = await readTables(client);
    const expected = await countRows(client, tables, rolePrefix);
    const counts = await writeArchive(file, { taken_at, migrations, tables, expected }, (table) =>
      copyOut(client, `copy ${copied(client, table)} to stdout`),
    );
    // A snapshot that is held keeps every version of every row that was changed since: no longer than for the copy.
    await client.query('commit');
    await takeRole(client, roleName(rolePrefix, 'verifier'), {});
    const isOurs = OURS.every((name) => migrations.includes(name));
    const report = isOurs ? await verifyRecord(client as never, catalog, { institution_id: null }) : null;
    return { taken_at, counts, report };
  } finally {
    await client.end();
  }
}
