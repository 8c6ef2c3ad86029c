/**
 * One verification that was asked for, at its level: `self`, the record in itself; `log`, besides the log against what the signer
 * signed last by its own state; `anchored`, the log against a checkpoint that the asker brought. Reads only.
 */
import type { Catalog } from '../../core/definitions/command.ts';
import type { Blobs } from '../../core/definitions/files.ts';
import type { Checkpoint } from '../../core/proof/checkpoint.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type CheckedRecord, checkRecord, type Progress, type RecordReport } from '../verifyRecord.ts';
import type { RunFinding } from './findingOf.ts';
import { findingsOf } from './runFindings.ts';

export const LEVELS = ['self', 'log', 'anchored'] as const;
export type Level = (typeof LEVELS)[number];
export type RunVerdict = `intact@${Level}` | 'tampered' | 'unverifiable';

export interface RunResult {
  verdict: RunVerdict;
  /** How many of each were checked. */
  counts: { [check: string]: number };
  findings: RunFinding[];
  findings_omitted: number;
  report: RecordReport;
}

export interface RunSubject {
  institution_id: string | null;
  /** `all`, or the stream of a session. */
  scope: string;
  level: Level;
}

/** What the log is compared with that does not come from the database; undefined where it is not to be had. */
export interface Anchors {
  /** The signer's state. */
  signer: Checkpoint | undefined;
  /** The checkpoint that was given, opened with the log's keys. */
  given: Checkpoint | undefined;
}

export interface RunTools {
  db: Queryable;
  catalog: Catalog;
  blobs: Blobs;
  progress: Progress;
}

export async function verifyRun({ db, catalog, blobs, progress }: RunTools, subject: RunSubject, anchors: Anchors) {
  const { institution_id, scope, level } = subject;
  const stream = scope === 'all' ? null : scope;
  const trees = treesOf(level, anchors);
  const checked = await checkRecord(db, catalog, { institution_id, stream, trees }, progress, blobs);
  return resultOf(checked, level, trees !== null && trees.length > 0);
}

/** At `anchored` the signer's state is compared with too, where it is there. Null: the log is looked at as it ever was. */
function treesOf(level: Level, { signer, given }: Anchors): Checkpoint[] | null {
  if (level === 'self') return null;
  if (level === 'log') return signer ? [signer] : [];
  return given ? [given, ...(signer ? [signer] : [])] : [];
}

export function resultOf(checked: CheckedRecord, level: Level, isAnchored: boolean): RunResult {
  const { report, streams_unjudged, files_checked } = checked;
  const counts = {
    event: report.events_checked,
    stream: report.streams_checked,
    state: report.streams_checked - streams_unjudged,
    exhibit: files_checked,
    command: report.commands_checked,
    leaf: report.leaves_checked,
  };
  return { verdict: verdictOf(checked, level, isAnchored), counts, ...findingsOf(report), report };
}

/** A finding outweighs what could not be looked at; nothing checked is never intact. */
function verdictOf({ report, streams_unjudged }: CheckedRecord, level: Level, isAnchored: boolean): RunVerdict {
  if (report.tamper_detected) return 'tampered';
  if (report.events_checked === 0 || streams_unjudged > 0) return 'unverifiable';
  if (level !== 'self' && (!isAnchored || report.leaves_checked === 0)) return 'unverifiable';
  return `intact@${level}`;
}
