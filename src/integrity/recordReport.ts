/** What is said of a record that was verified, summed up stream by stream. Pure. */
import { idOf, kindOf } from '../core/definitions/stream.ts';
import type { CheckedStream } from './streams/verifyStreams.ts';

export interface RecordReport {
  sessions_checked: number;
  /** Sessions and all other streams. */
  streams_checked: number;
  events_checked: number;
  invalid_sessions: { session_id: string; issues: string[] }[];
  /** Streams that are no session's. */
  invalid_streams: { stream: string; issues: string[] }[];
  /** What is wrong with the database's own guards; looked at only where everything is verified. */
  guard_issues: string[];
  /** What else in the database is not as the migrations left it, but neither writes, hides nor loosens. */
  guard_notes: string[];
  /** Of the newest commands, where everything is verified, and which of them answer otherwise than the chain. */
  commands_checked: number;
  command_issues: string[];
  /** Of the log, where everything is verified, and which of its leaves, tiles and checkpoints do not agree with the record. */
  leaves_checked: number;
  log_issues: string[];
  tamper_detected: boolean;
  system_valid: boolean;
  /** Findings that were counted but not listed: of a stream the first 100 are, of the record the first 1,000. */
  issues_omitted: number;
  message: string;
  /** The database's clock when the check began, RFC 3339 UTC: all that was committed by then is covered. */
  checked_at: string;
}

export interface CheckedRecord {
  report: RecordReport;
  /** Streams whose tables only a newer version can judge. */
  streams_unjudged: number;
  /** Files that the events name, where files are looked at. */
  files_checked: number;
}

export type Tally = Omit<RecordReport, 'tamper_detected' | 'system_valid' | 'message'> & {
  streams_unjudged: number;
  files_checked: number;
  /** Streams that do not verify, listed or not. */
  invalid: number;
  /** Findings listed so far. */
  listed: number;
};

const MAX_RECORD_ISSUES = 1_000;
/** The report is stored and answered whole: a million characters of findings at most. */
const MAX_ISSUE_LENGTH = 1_000;

export function newTally(checked_at: string): Tally {
  return {
    sessions_checked: 0,
    streams_checked: 0,
    streams_unjudged: 0,
    events_checked: 0,
    files_checked: 0,
    invalid_sessions: [],
    invalid_streams: [],
    guard_issues: [],
    guard_notes: [],
    commands_checked: 0,
    command_issues: [],
    leaves_checked: 0,
    log_issues: [],
    issues_omitted: 0,
    checked_at,
    invalid: 0,
    listed: 0,
  };
}

/** @param hasFiles whether its files were looked at */
export function count(tally: Tally, checked: CheckedStream, hasFiles: boolean): void {
  const { stream, is_valid, events_checked, issues, issues_omitted, unjudged, files } = checked;
  const isSession = kindOf(stream) === 'session';
  tally.streams_checked += 1;
  tally.events_checked += events_checked;
  if (isSession) tally.sessions_checked += 1;
  if (hasFiles) tally.files_checked += files.length;
  if (unjudged !== null) tally.streams_unjudged += 1;
  if (is_valid) return;
  const shown = issues.slice(0, MAX_RECORD_ISSUES - tally.listed).map(cut);
  tally.invalid += 1;
  tally.listed += shown.length;
  tally.issues_omitted += issues.length - shown.length + issues_omitted;
  if (shown.length === 0) return;
  if (isSession) tally.invalid_sessions.push({ session_id: idOf(stream), issues: shown });
  else tally.invalid_streams.push({ stream, issues: shown });
}

function cut(text: string): string {
  return text.length > MAX_ISSUE_LENGTH ? `${text.slice(0, MAX_ISSUE_LENGTH)}…` : text;
}

export function checkedRecordOf(tally: Tally): CheckedRecord {
  const { invalid, listed: _, streams_unjudged, files_checked, ...counts } = tally;
  const { guard_issues, command_issues, log_issues } = tally;
  const tamper_detected = invalid > 0 || guard_issues.length + command_issues.length + log_issues.length > 0;
  const report = { ...counts, tamper_detected, system_valid: !tamper_detected, message: messageOf(tally) };
  return { report, streams_unjudged, files_checked };
}

function messageOf(tally: Tally): string {
  const { sessions_checked, streams_checked, events_checked, invalid, guard_issues, command_issues, log_issues } =
    tally;
  const checked = `${sessions_checked} sessions, ${streams_checked} streams and ${events_checked} events were checked`;
  if (invalid > 0 || guard_issues.length + command_issues.length + log_issues.length > 0) {
    const told = (count: number, text: string) => (count > 0 ? ` ${count} ${text}.` : '');
    const guards = told(guard_issues.length, 'guards of the database are not as they should be');
    const commands = told(command_issues.length, 'commands answer otherwise than the chain');
    const log = told(log_issues.length, 'places of the log do not agree with the record');
    const omitted = told(tally.issues_omitted, 'more findings are left out');
    return `Tampering or damage: ${invalid} streams do not verify.${guards}${commands}${log}${omitted} ${checked}.`;
  }
  if (tally.streams_unjudged > 0) {
    const but = `The tables of ${tally.streams_unjudged} streams were not compared: only a newer version knows what they hold.`;
    return `The events are intact: ${checked}, and every hash and link agrees. ${but}`;
  }
  if (sessions_checked === 0) return 'Nothing was checked: there is no session.';
  return `The record is intact: ${checked}, and every hash, link and row agrees.`;
}
