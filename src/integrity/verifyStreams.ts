/**
 * Verifies streams: recomputes every hash and link from what is stored, folds the events again and compares the tables.
 * Reads only, finds as much as it can, and takes the absence of what should be there for a finding.
 */
import type { Book } from '../core/command.ts';
import type { Queryable } from '../core/queryable.ts';
import { kindOf } from '../core/stream.ts';
import { type ColumnTypes, compareRows, readColumnTypes } from './compareRows.ts';
import { chainFindings, type Finding, finding, headFindings, payloadFindings } from './findings.ts';
import { foldStream } from './foldStream.ts';
import { MAX_STREAM_ISSUES, type StreamFacts, sweepStreams } from './sweep.ts';

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

/** Verifies one stream in one snapshot. A stream of which nothing is stored is not valid. */
export async function verifyStream(db: Queryable, book: Book, stream: string): Promise<StreamReport> {
  const types = await readColumnTypes(db);
  const [checked] = await checkStreams(db, book, types, [stream]);
  const { issues_omitted, ...report } = checked!;
  if (issues_omitted > 0) report.issues.push(`${issues_omitted} more findings are left out`);
  return report;
}

export interface CheckedStream extends StreamReport {
  issues_omitted: number;
}

/** Verifies some streams in one snapshot, in order of their names. */
export async function checkStreams(
  db: Queryable,
  book: Book,
  types: ColumnTypes,
  streams: string[],
): Promise<CheckedStream[]> {
  const swept = await sweepStreams(db, streams, [...book.events.keys()]);
  return swept.map((facts) => checkStream(book, types, facts));
}

function checkStream(book: Book, types: ColumnTypes, facts: StreamFacts): CheckedStream {
  const { stream, events_checked, last } = facts;
  const chained = chainFindings(facts);
  const hasRows = Object.values(facts.rows).some((rows) => rows !== null);
  const folded = foldStream(book, facts);
  const mismatches = folded.writes ? compareRows(kindOf(stream), types, folded.writes, facts.rows) : [];
  const findings: Finding[] = [
    ...chained,
    ...payloadFindings(facts),
    ...headFindings(facts, hasRows),
    ...folded.findings,
    ...mismatches.map((text) => finding(null, text)),
  ];
  const sequences = findings.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]));
  const issues = findings.slice(0, MAX_STREAM_ISSUES).map(({ text }) => text);
  return {
    stream,
    is_valid: findings.length === 0,
    events_checked,
    invalid_sequences: [...new Set([...facts.faulty_sequences, ...sequences])].sort((a, b) => a - b),
    issues,
    head: last && { event_sequence: last.sequence, event_hash: last.event_hash },
    issues_omitted: facts.fault_count - chained.length + findings.length - issues.length,
  };
}
