/**
 * Verifies every stream, every table that follows from them, and the guards of the database itself. Cut off and run
 * again for the same slot, it leaves out the sessions that were found well since then.
 */
import { book } from '../src/commands.ts';
import { isUuid } from '../src/core/ids.ts';
import type { Queryable } from '../src/core/queryable.ts';
import { idOf } from '../src/core/stream.ts';
import { checkPages, readClock } from '../src/integrity/checkPages.ts';
import { verifyGuards } from '../src/integrity/guards.ts';
import { readNames, type StreamName } from '../src/integrity/readNames.ts';
import { defineJob } from './job.ts';
import { keepChecks } from './keepChecks.ts';
import { keepFindings } from './keepFindings.ts';

const JOB = 'verify.everything';

const CHECKED = `
  select 'session:' || session_id as stream from session_checks
  where checked_at >= $1 and is_valid and session_id = any($2)`;

export const verifyEverything = defineJob({
  name: JOB,
  summary: 'Verifies the whole record, tables included, and the guards of the database',
  most_ms: 4 * 3_600_000,
  async run(tools) {
    const db = tools.verifierPool as unknown as Queryable;
    const looked_at = await readClock(db);
    const issues = await verifyGuards(db);
    const guards = await keepFindings(tools, JOB, looked_at, [{ stream: null, issues, issues_omitted: 0 }]);
    const done = await keepChecks(tools, JOB, checkPages(db, book, namesLeft(db, tools.slot)));
    return { ...done, guard_issues: issues.length, guard_findings_opened: guards.opened };
  },
});

async function* namesLeft(db: Queryable, slot: string): AsyncGenerator<StreamName[]> {
  for await (const names of readNames(db, null)) {
    const { rows } = await db.query<{ stream: string }>(CHECKED, [
      slot,
      names.map(({ stream }) => idOf(stream)).filter(isUuid),
    ]);
    const checked = new Set(rows.map(({ stream }) => stream));
    yield names.filter(({ stream }) => !checked.has(stream));
  }
}
