/** Verifies every stream of the record, or of one institution, page by page, and reports on all of it. Reads only. */

import type { Catalog } from '../core/definitions/command.ts';
import type { Blobs } from '../core/definitions/files.ts';
import { idOf, kindOf } from '../core/definitions/stream.ts';
import { readClock } from '../core/sql/databaseClock.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { verifyGuards } from './guards/verifyGuards.ts';
import type { SignedTree } from './log/judgeLeaves.ts';
import { verifyLog } from './log/verifyLog.ts';
import { verifyLogOf } from './log/verifyLogOf.ts';
import { checkPages } from './streams/checkPages.ts';
import { countNames, readNamesOf } from './streams/streamNames.ts';
import { verifyOutcomes } from './streams/verifyOutcomes.ts';
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

/** Told after each page; a promise is awaited. `total` is how many streams there were to check at the start. */
export type Progress = (done: { streams_checked: number; events_checked: number }, total: number) => unknown;

export interface CheckedRecord {
  report: RecordReport;
  /** Streams whose tables only a newer version can judge. */
  streams_unjudged: number;
  /** Files that the events name, where files are looked at. */
  files_checked: number;
}

export interface RecordScope {
  /** One institution, or with null everything. */
  institution_id: string | null;
  /** One stream alone. */
  stream?: string | null;
  /** Trees of the log that were signed, from outside the database. With null the log is looked at only where all is verified. */
  trees?: SignedTree[] | null;
}

const MAX_RECORD_ISSUES = 1_000;
/** The report is stored and answered whole: a million characters of findings at most. */
const MAX_ISSUE_LENGTH = 1_000;

/** @param blobs with null, files are not looked at */
export async function verifyRecord(
  db: Queryable,
  catalog: Catalog,
  scope: RecordScope,
  progress?: Progress,
  blobs: Blobs | null = null,
): Promise<RecordReport> {
  return (await checkRecord(db, catalog, scope, progress, blobs)).report;
}

/** The same, with what a verdict in levels needs besides. */
export async function checkRecord(
  db: Queryable,
  catalog: Catalog,
  { institution_id, stream = null, trees = null }: RecordScope,
  progress?: Progress,
  blobs: Blobs | null = null,
): Promise<CheckedRecord> {
  const tally = newTally(await readClock(db));
  const scope = { institution_id, stream };
  if (institution_id === null && stream === null) {
    const { issues, notes } = await verifyGuards(db);
    const commands = await verifyOutcomes(db);
    Object.assign(tally, { guard_issues: issues, guard_notes: notes });
    Object.assign(tally, { commands_checked: commands.commands_checked, command_issues: commands.issues });
    const log = await verifyLog(db, trees ?? []);
    Object.assign(tally, { leaves_checked: log.leaves_checked, log_issues: log.issues });
  } else if (trees !== null && trees.length > 0) {
    const log = await verifyLogOf(db, trees, readNamesOf(db, scope));
    Object.assign(tally, { leaves_checked: log.leaves_checked, log_issues: log.issues });
  }
  const total = progress ? await countNames(db, scope) : 0;
  for await (const { streams } of checkPages(db, catalog, readNamesOf(db, scope), blobs)) {
    for (const checked of streams) count(tally, checked);
    if (blobs) for (const { files } of streams) tally.files_checked += files.length;
    const { streams_checked, events_checked } = tally;
    await progress?.({ streams_checked, events_checked }, total);
  }
  const { invalid, listed: _, streams_unjudged, files_checked, ...counts } = tally;
  const { guard_issues, command_issues, log_issues } = tally;
  const tamper_detected = invalid > 0 || guard_issues.length + command_issues.length + log_issues.length > 0;
  const report = { ...counts, tamper_detected, system_valid: !tamper_detected, message: messageOf(tally) };
  return { report, streams_unjudged, files_checked };
}

type Tally = Omit<RecordReport, 'tamper_detected' | 'system_valid' | 'message'> & {
  streams_unjudged: number;
  files_checked: number;
  /** Streams that do not verify, listed or not. */
  invalid: number;
  /** Findings listed so far. */
  listed: number;
};

function newTally(checked_at: string): Tally {
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

function count(tally: Tally, checked: CheckedStream): void {
  const { stream, is_valid, events_checked, issues, issues_omitted, unjudged } = checked;
  const isSession = kindOf(stream) === 'session';
  tally.streams_checked += 1;
  tally.events_checked += events_checked;
  if (isSession) tally.sessions_checked += 1;
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
