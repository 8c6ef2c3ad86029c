/** Verifies every stream of the record, or of one institution, page by page, and reports on all of it. Reads only. */

import type { Catalog } from '../core/definitions/command.ts';
import type { Blobs } from '../core/definitions/files.ts';
import { readClock } from '../core/sql/databaseClock.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { verifyGuards } from './guards/verifyGuards.ts';
import type { SignedTree } from './log/judgeLeaves.ts';
import { verifyLog } from './log/verifyLog.ts';
import { verifyLogOf } from './log/verifyLogOf.ts';
import { type CheckedRecord, checkedRecordOf, count, newTally, type RecordReport, type Tally } from './recordReport.ts';
import { checkPages } from './streams/checkPages.ts';
import { countNames, readNamesOf } from './streams/streamNames.ts';
import { verifyOutcomes } from './streams/verifyOutcomes.ts';
import type { Swept } from './sweep/sweepRecord.ts';

/** Told after each page; a promise is awaited. `total` is how many streams there were to check at the start. */
export type Progress = (done: { streams_checked: number; events_checked: number }, total: number) => unknown;

export interface RecordScope {
  /** One institution, or with null everything. */
  institution_id: string | null;
  /** One stream alone. */
  stream?: string | null;
  /** Trees of the log that were signed, from outside the database. With null the log is looked at only where all is verified. */
  trees?: SignedTree[] | null;
}

/** @param blobs with null, files are not looked at */
export async function verifyRecord(
  db: Queryable,
  catalog: Catalog,
  scope: RecordScope,
  progress?: Progress,
  blobs: Blobs | null = null,
): Promise<RecordReport> {
  return (await checkRecord(db, catalog, scope, progress, blobs)).report;
}

/** The same, with what a verdict in levels needs besides. */
export async function checkRecord(
  db: Queryable,
  catalog: Catalog,
  { institution_id, stream = null, trees = null }: RecordScope,
  progress?: Progress,
  blobs: Blobs | null = null,
): Promise<CheckedRecord> {
  const tally = newTally(await readClock(db));
  const scope = { institution_id, stream };
  let swept: Swept | undefined;
  if (institution_id === null && stream === null) {
    swept = await checkDatabase(db, tally, trees ?? []);
  } else if (trees !== null && trees.length > 0) {
    const log = await verifyLogOf(db, trees, readNamesOf(db, scope));
    Object.assign(tally, { leaves_checked: log.leaves_checked, log_issues: log.issues });
  }
  const total = progress ? await countNames(db, scope) : 0;
  for await (const { streams } of checkPages(db, catalog, readNamesOf(db, scope), blobs, swept)) {
    for (const checked of streams) count(tally, checked, blobs !== null);
    const { streams_checked, events_checked } = tally;
    await progress?.({ streams_checked, events_checked }, total);
  }
  return checkedRecordOf(tally);
}

/** What is of the database as a whole: its guards, what commands answer, and the log. @returns what is known of its streams by then */
export async function checkDatabase(db: Queryable, tally: Tally, trees: SignedTree[]): Promise<Swept> {
  const { issues, notes } = await verifyGuards(db);
  const commands = await verifyOutcomes(db);
  const log = await verifyLog(db, trees);
  Object.assign(tally, { guard_issues: issues, guard_notes: notes });
  Object.assign(tally, { commands_checked: commands.commands_checked, command_issues: commands.issues });
  Object.assign(tally, { leaves_checked: log.leaves_checked, log_issues: log.issues });
  return log.swept;
}
