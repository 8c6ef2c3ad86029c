/** What a run found, taken from the report in words. Pure. */
import type { RecordReport } from '../recordReport.ts';
import { findingOf, type RunFinding } from './findingOf.ts';

/** So that the signed note over a run is short enough to be read as one. */
const MAX_LENGTH = 40_000;

/** As many as there is room for, in the order of the report, and how many are left out. */
export function findingsOf(report: RecordReport): { findings: RunFinding[]; findings_omitted: number } {
  const of = (issues: string[], stream: string | null, otherwise: string) =>
    issues.map((issue) => findingOf(issue, stream, otherwise));
  const all = [
    ...of(report.guard_issues, null, 'guard'),
    ...of(report.log_issues, null, 'log'),
    ...of(report.command_issues, null, 'command'),
    ...report.invalid_sessions.flatMap(({ session_id, issues }) => of(issues, `session:${session_id}`, 'state')),
    ...report.invalid_streams.flatMap(({ stream, issues }) => of(issues, stream, 'state')),
  ];
  let length = 0;
  const fits = all.findIndex((one) => {
    length += Buffer.byteLength(JSON.stringify(one));
    return length > MAX_LENGTH;
  });
  const findings = fits === -1 ? all : all.slice(0, fits);
  return { findings, findings_omitted: all.length - findings.length + report.issues_omitted };
}
