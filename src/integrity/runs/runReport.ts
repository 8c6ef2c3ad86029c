/** What a run says of itself, as it is signed: its canonical JSON (RFC 8785) on one line. Pure. */
import { canonicalPayload } from '../../core/chain/chain.ts';
import type { RunFinding } from './findingOf.ts';
import type { Level, RunVerdict } from './verifyRun.ts';

export interface FinishedRun {
  id: string;
  scope: string;
  state: 'done';
  level: Level;
  verdict: RunVerdict;
  progress: { done: number; total: number };
  counts: { [check: string]: number };
  findings: RunFinding[];
  findings_omitted: number;
  /** RFC 3339 UTC, as the database's clock had it. */
  started_at: string;
  finished_at: string;
}

/** The text of the note. */
export function runReportText(run: FinishedRun): string {
  return `${canonicalPayload(run)}\n`;
}
