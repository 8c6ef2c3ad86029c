/**
 * Verifies every stream, every table that follows from them, the guards of the database itself, what commands
 * answer, and the log, against what the signer signed last too where its state is on this host. It trusts no earlier check, its own included: an intruder who can change the record can change what is written about it.
 */

import { readClock } from '../../src/core/sql/databaseClock.ts';
import { verifyGuards } from '../../src/integrity/guards/verifyGuards.ts';
import { verifyLog } from '../../src/integrity/log/verifyLog.ts';
import { checkPages } from '../../src/integrity/streams/checkPages.ts';
import { readNames } from '../../src/integrity/streams/streamNames.ts';
import { verifyOutcomes } from '../../src/integrity/streams/verifyOutcomes.ts';
import { catalog } from '../../src/modules.ts';
import { defineJob } from '../job.ts';
import { keepChecks } from './storeChecks.ts';
import { keepFindings } from './storeFindings.ts';

const JOB = 'verify.everything';

export const verifyEverything = defineJob({
  name: JOB,
  summary: 'Verifies the whole record, tables included, the guards of the database, what commands answer, and the log',
  most_ms: 4 * 3_600_000,
  async run(tools) {
    const db = tools.verifierPool;
    const looked_at = await readClock(db);
    const guarded = await verifyGuards(db);
    const commands = await verifyOutcomes(db);
    // Read before the log is: what is signed is in the log already.
    const signed = await tools.signedLast?.();
    const log = await verifyLog(db, signed ? [signed] : []);
    const { notes } = guarded;
    const issues = [...guarded.issues, ...commands.issues, ...log.issues];
    if (notes.length > 0) tools.log.info({ job: JOB, notes }, 'the database differs where it guards nothing');
    const guards = await keepFindings(tools, JOB, looked_at, [{ stream: null, issues, issues_omitted: 0 }]);
    const done = await keepChecks(tools, JOB, checkPages(db, catalog, readNames(db, null), tools.blobs));
    return {
      ...done,
      guard_issues: guarded.issues.length,
      guard_notes: notes.length,
      guard_findings_opened: guards.opened,
      commands_checked: commands.commands_checked,
      command_issues: commands.issues.length,
      is_signer_compared: signed !== undefined,
      leaves_checked: log.leaves_checked,
      log_issues: log.issues.length,
    };
  },
});
