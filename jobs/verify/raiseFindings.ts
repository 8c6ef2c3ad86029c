/**
 * What a run on request finds is kept, and said aloud, like what the timed jobs find. It resolves nothing: they look again. What is
 * wrong with no stream of its own is kept for runs of everything alone, for its one place holds what was found of the database.
 */
import { groupBy } from '../../src/core/groupBy.ts';
import type { RecordReport } from '../../src/integrity/recordReport.ts';
import { streamNamedBy } from '../../src/integrity/runs/findingOf.ts';
import { type FindingTools, keepFindings, type StreamVerdict } from './storeFindings.ts';

const JOB = 'verify.record';
const MOST_ISSUES = 100;

export async function raiseFindings(tools: FindingTools, report: RecordReport, isWhole: boolean): Promise<void> {
  if (!report.tamper_detected) return;
  await keepFindings(tools, JOB, report.checked_at, verdictsOf(report, isWhole));
}

/** One for each stream that something is wrong with. */
function verdictsOf(report: RecordReport, isWhole: boolean): StreamVerdict[] {
  const { guard_issues, command_issues, log_issues, invalid_sessions, invalid_streams } = report;
  const found = [
    ...invalid_sessions.flatMap(({ session_id, issues }) => issues.map((text) => [`session:${session_id}`, text])),
    ...invalid_streams.flatMap(({ stream, issues }) => issues.map((text) => [stream, text])),
    ...[...guard_issues, ...command_issues].map((text) => [null, text]),
    ...log_issues.map((text) => [isWhole ? null : streamNamedBy(text), text]),
  ] as [stream: string | null, text: string][];
  return [...groupBy(found, ([stream]) => stream ?? '')]
    .filter(([stream]) => stream !== '' || isWhole)
    .map(([stream, some]) => ({
      stream: stream || null,
      issues: some.slice(0, MOST_ISSUES).map(([, text]) => text),
      issues_omitted: Math.max(0, some.length - MOST_ISSUES),
    }));
}
