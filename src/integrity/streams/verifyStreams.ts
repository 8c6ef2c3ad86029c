/**
 * Verifies streams: recomputes every hash and link from what is stored, folds the events again and compares the tables.
 * Reads only, finds as much as it can, and takes the absence of what should be there for a finding.
 */

import type { Catalog } from '../../core/definitions/command.ts';
import { type Blobs, fileIssues, type RecordedFile } from '../../core/definitions/files.ts';
import { kindOf } from '../../core/definitions/stream.ts';
import { pipelined } from '../../core/sql/pipelined.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Swept } from '../sweep/sweepRecord.ts';
import { type ColumnTypes, compareRows, readColumnTypes } from './compareRows.ts';
import { chainFindings, type Finding, finding, headFindings, payloadFindings } from './findings.ts';
import { foldStream } from './foldStream.ts';
import { readKnownRows, readSoundRows } from './soundRows.ts';
import { MAX_STREAM_ISSUES, readStreamRows, type StreamRows } from './streamRows.ts';

export interface StreamReport {
  stream: string;
  is_valid: boolean;
  events_checked: number;
  /** Sequences that findings speak of, sorted. */
  invalid_sequences: number[];
  /** At most 100; where there are more, one more line says how many. */
  issues: string[];
  /** The last event, whatever the row of `streams` says. */
  head: { event_sequence: number; event_hash: string } | null;
}

/** Verifies one stream in one snapshot, but for its files. A stream of which nothing is stored is not valid. */
export async function verifyStream(db: Queryable, catalog: Catalog, stream: string): Promise<StreamReport> {
  return reportOf(await checkOne(db, catalog, stream));
}

/** What was checked as it is told: findings left out are one line more. */
export function reportOf({
  issues_omitted,
  files: _,
  unjudged: __,
  isSealBlank: ___,
  ...report
}: CheckedStream): StreamReport {
  const omitted = issues_omitted > 0 ? [`${issues_omitted} more findings are left out`] : [];
  return { ...report, issues: [...report.issues, ...omitted] };
}

/** The same with what is wrong with its files, which are hashed again. No transaction is to be open: that takes a while. */
export async function withFiles(checked: CheckedStream, blobs: Blobs): Promise<CheckedStream> {
  return withFileIssues(checked, await fileIssues(checked.files, blobs));
}

export function withFileIssues(checked: CheckedStream, found: string[]): CheckedStream {
  const issues = [...checked.issues, ...found].slice(0, MAX_STREAM_ISSUES);
  const issues_omitted = checked.issues_omitted + checked.issues.length + found.length - issues.length;
  return { ...checked, is_valid: checked.is_valid && found.length === 0, issues, issues_omitted };
}

export interface CheckedStream extends StreamReport {
  files: readonly RecordedFile[];
  /** What of it only a newer version can judge. */
  unjudged: string | null;
  /** Its seal was made of texts that were erased since. */
  isSealBlank: boolean;
  issues_omitted: number;
}

/** The same before it is told. */
export async function checkOne(db: Queryable, catalog: Catalog, stream: string): Promise<CheckedStream> {
  const [types, rows] = await pipelined([readColumnTypes(db), readRows(db, catalog, [stream])]);
  return checkStream(catalog, types, rows[0]!);
}

/**
 * Most are sound, and are read as such; the others once more, closely.
 * @param swept what is known of them, where all of the record was swept before
 */
export async function readRows(
  db: Queryable,
  catalog: Catalog,
  streams: string[],
  swept?: Swept,
): Promise<StreamRows[]> {
  const known = swept ? await readKnownRows(db, streams.filter(swept.isSound), catalog, swept.swept_at) : [];
  const unknown = without(streams, known).filter((stream) => !swept?.wasUnsound(stream));
  const sound = await readSoundRows(db, unknown, catalog);
  const others = without(streams, [...known, ...sound]);
  const close = others.length > 0 ? await readStreamRows(db, others, catalog) : [];
  return [...known, ...sound, ...close].sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

function without(streams: string[], read: StreamRows[]): string[] {
  const done = new Set(read.map(({ stream }) => stream));
  return streams.filter((stream) => !done.has(stream));
}

export function checkStream(catalog: Catalog, types: ColumnTypes, streamRows: StreamRows): CheckedStream {
  const { stream, events_checked, last, rows } = streamRows;
  const chained = chainFindings(streamRows);
  const hasRows = Object.values(rows).some((some) => some !== null);
  const folded = foldStream(catalog, streamRows);
  const mismatches = folded.writes ? compareRows(kindOf(stream), types, folded.writes, rows) : [];
  const findings: Finding[] = [
    ...chained,
    ...payloadFindings(streamRows),
    ...headFindings(streamRows, hasRows),
    ...folded.findings,
    ...mismatches.map((text) => finding(null, text)),
  ];
  const sequences = findings.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]));
  const issues = findings.slice(0, MAX_STREAM_ISSUES).map(({ text }) => text);
  return {
    stream,
    files: folded.files,
    unjudged: folded.unjudged,
    isSealBlank: folded.isSealBlank,
    is_valid: findings.length === 0,
    events_checked,
    invalid_sequences: [...new Set([...streamRows.faulty_sequences, ...sequences])].sort((a, b) => a - b),
    issues,
    head: last && { event_sequence: last.sequence, event_hash: last.event_hash },
    issues_omitted: streamRows.fault_count - chained.length + findings.length - issues.length,
  };
}
