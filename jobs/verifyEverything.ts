/**
 * Verifies every stream, every table that follows from them, and the guards of the database itself. It trusts no earlier
 * check, its own included: who can change the record can change what is written about it.
 */
import { book } from '../src/commands.ts';
import { readClock } from '../src/core/clock.ts';
import type { Queryable } from '../src/core/queryable.ts';
import { checkPages } from '../src/integrity/checkPages.ts';
import { verifyGuards } from '../src/integrity/guards/verifyGuards.ts';
import { readNames } from '../src/integrity/readNames.ts';
import { defineJob } from './job.ts';
import { keepChecks } from './keepChecks.ts';
import { keepFindings } from './keepFindings.ts';

const JOB = 'verify.everything';

export const verifyEverything = defineJob({
  name: JOB,
  summary: 'Verifies the whole record, tables included, and the guards of the database',
  most_ms: 4 * 3_600_000,
  async run(tools) {
    const db = tools.verifierPool as unknown as Queryable;
    const looked_at = await readClock(db);
    const { issues, notes } = await verifyGuards(db);
    if (notes.length > 0) tools.log.info({ job: JOB, notes }, 'the database differs where it guards nothing');
    const guards = await keepFindings(tools, JOB, looked_at, [{ stream: null, issues, issues_omitted: 0 }]);
    const done = await keepChecks(tools, JOB, checkPages(db, book, readNames(db, null), tools.blobs));
    return { ...done, guard_issues: issues.length, guard_notes: notes.length, guard_findings_opened: guards.opened };
  },
});
