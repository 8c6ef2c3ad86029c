/**
 * Verifies every stream, every table that follows from them, the guards of the database itself, what commands
 * answer, and the log, against what the signer signed last too where its state is on this host. It trusts no earlier check, its own included: an intruder who can change the
 * record can change what is written about it. A run that has not time for all begins the next where it ended.
 */

import { readClock } from '../../src/core/sql/databaseClock.ts';
import { newTally } from '../../src/integrity/recordReport.ts';
import type { RunAnchor } from '../../src/integrity/runs/verifyRun.ts';
import { type CheckedPage, checkPages } from '../../src/integrity/streams/checkPages.ts';
import { readNamesFrom } from '../../src/integrity/streams/streamNames.ts';
import { checkDatabase } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { defineJob } from '../job.ts';
import { readLastResult } from './lastResult.ts';
import { keepChecks } from './storeChecks.ts';
import { keepFindings } from './storeFindings.ts';
import { counted, storeReport } from './storeReport.ts';

const JOB = 'verify.everything';

export const verifyEverything = defineJob({
  name: JOB,
  summary: 'Verifies the whole record, tables included, the guards of the database, what commands answer, and the log',
  most_ms: 4 * 3_600_000,
  async run(tools) {
    const db = tools.verifierPool;
    const tally = newTally(await readClock(db));
    // Read before the log is: what is signed is in the log already.
    const signed = await tools.signedLast?.();
    const anchors: RunAnchor[] = signed ? [{ from: 'signer', ...signed }] : [];
    const swept = await checkDatabase(db, tally, anchors);
    const { guard_issues, guard_notes: notes, command_issues, log_issues } = tally;
    const issues = [...guard_issues, ...command_issues, ...log_issues];
    if (notes.length > 0) tools.log.info({ job: JOB, notes }, 'the database differs where it guards nothing');
    const guards = await keepFindings(tools, JOB, tally.checked_at, [{ stream: null, issues, issues_omitted: 0 }]);
    // How far the last run came; nothing where that was the end. Another place only changes the order of this run.
    const { stopped_after = '' } = await readLastResult(tools.pool as never, JOB);
    const round = followRound(String(stopped_after));
    const names = readNamesFrom(db, round.resumed_after);
    const pages = counted(tally, checkPages(db, catalog, names, tools.blobs, swept), true);
    const done = await keepChecks(tools, JOB, round.follow(pages));
    const stored = await storeReport(tools, { job: JOB, scope: 'all', anchors, is_complete: done.is_complete }, tally);
    return {
      ...done,
      ...stored,
      ...(!done.is_complete && { stopped_after: round.stopped_after() }),
      guard_issues: guard_issues.length,
      guard_notes: notes.length,
      guard_findings_opened: guards.opened,
      commands_checked: tally.commands_checked,
      command_issues: command_issues.length,
      is_signer_compared: signed !== undefined,
      leaves_checked: tally.leaves_checked,
      log_issues: log_issues.length,
    };
  },
});

function followRound(resumed_after: string) {
  let last = resumed_after;

  /** Where a page cannot be kept the run fails, and nothing of it is told. */
  async function* follow(pages: AsyncGenerator<CheckedPage>): AsyncGenerator<CheckedPage> {
    for await (const page of pages) {
      last = page.streams.at(-1)?.stream ?? last;
      yield page;
    }
  }

  return { resumed_after, follow, stopped_after: () => last };
}
