/** What a run says of itself, as it is signed: its canonical JSON (RFC 8785) on one line. Pure. */
import { canonicalPayload } from '../../core/chain/chain.ts';
import type { Level, RunResult } from './verifyRun.ts';

export interface BegunRun {
  id: string;
  /** The timed job; null where it was asked for. */
  job: string | null;
  scope: string;
  level: Level;
  /** RFC 3339 UTC, as the database's clock had it. */
  started_at: string;
}

/** The text of the note: all that is answered of the run but the note itself. */
export function runReportText({ id, job, scope, level, started_at }: BegunRun, result: RunResult, finished_at: string) {
  const { verdict, counts, findings, findings_omitted, anchors, report } = result;
  const progress = { done: report.streams_checked, total: report.streams_checked };
  const found = { verdict, progress, counts, findings, findings_omitted, anchors };
  return `${canonicalPayload({ id, job, scope, state: 'done', level, ...found, started_at, finished_at })}\n`;
}
