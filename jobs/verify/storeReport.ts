/**
 * A timed verification is stored as a run, with a report that the head key signed, like one that was asked for: what was
 * checked, what was found, and what the log was compared with. A verdict that is edited afterwards is no longer what was signed.
 */
import { newCommandId as newId } from '../../src/core/chain/ids.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { type CheckedRecord, checkedRecordOf, count, type Tally } from '../../src/integrity/recordReport.ts';
import { runReportText } from '../../src/integrity/runs/runReport.ts';
import { type RunAnchor, type RunResult, resultOf } from '../../src/integrity/runs/verifyRun.ts';
import type { CheckedPage } from '../../src/integrity/streams/checkPages.ts';
import type { JobTools } from '../job.ts';

/** Of one job. */
export const KEPT_REPORTS = 500;

export interface TimedRun {
  job: string;
  /** `part`: what was due. */
  scope: 'all' | 'part';
  anchors: RunAnchor[];
  /** False where the time was over before everything was checked. */
  is_complete: boolean;
}

const STORE = `
  insert into integrity_runs (id, job, state, is_leveled, scope, level, started_at, finished_at, report, verdict, counts,
    findings, findings_omitted, anchors, progress_done, progress_total, signed_report)
  values ($1, $2, 'done', true, $3, $4, $5, $6, '{}', $7, $8, $9, $10, $11, $12, $12, $13)`;

const REMOVE_OLD = `
  delete from integrity_runs where id in (
    select id from integrity_runs where job = $1 order by asked_at desc, id desc offset $2)`;

/** Counts what goes by. */
export async function* counted(tally: Tally, pages: AsyncGenerator<CheckedPage>, hasFiles: boolean) {
  for await (const page of pages) {
    for (const checked of page.streams) count(tally, checked, hasFiles);
    yield page;
  }
}

/** @returns the run's id, for the ledger of ticks, and its verdict */
export async function storeReport(tools: JobTools, { job, scope, anchors, is_complete }: TimedRun, tally: Tally) {
  const { pool, log } = tools;
  const level = anchors.length > 0 ? 'log' : 'self';
  const result = withinTime(resultOf(checkedRecordOf(tally) satisfies CheckedRecord, level, anchors), is_complete);
  const run = { id: newId(), job, scope, level, started_at: tally.checked_at } as const;
  const finished_at = await readClock(pool);
  const report = await tools.sign?.(runReportText(run, result, finished_at));
  if (report === undefined) log.warn({ job }, 'report not signed: no head key here');
  const { verdict, counts, findings, findings_omitted } = result;
  await pool.query(STORE, [
    ...[run.id, job, scope, level, run.started_at, finished_at, verdict, JSON.stringify(counts)],
    ...[JSON.stringify(findings), findings_omitted, JSON.stringify(anchors), tally.streams_checked, report ?? null],
  ]);
  await pool.query(REMOVE_OLD, [job, KEPT_REPORTS]);
  return { run_id: run.id, verdict };
}

/** What was not looked at is not intact. */
function withinTime(result: RunResult, is_complete: boolean): RunResult {
  const isKnown = is_complete || result.verdict === 'tampered';
  return isKnown ? result : { ...result, verdict: 'unverifiable' };
}
