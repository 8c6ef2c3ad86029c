/**
 * One verification that was asked for, at its level: `self`, the record in itself; `log`, besides the log against what the signer
 * signed last by its own state; `anchored`, the log against a checkpoint that the asker brought. Reads only.
 */
import type { Catalog } from '../../core/definitions/command.ts';
import type { Blobs } from '../../core/definitions/files.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { CheckedRecord, RecordReport } from '../recordReport.ts';
import { checkRecord, type Progress } from '../verifyRecord.ts';
import type { RunFinding } from './findingOf.ts';
import { findingsOf } from './runFindings.ts';

export const LEVELS = ['self', 'log', 'anchored'] as const;
export type Level = (typeof LEVELS)[number];
/** Where a tree that the log is compared with comes from: the signer's state, or the checkpoint that was given. */
export const ANCHORED_BY = ['signer', 'given'] as const;
export type RunVerdict = `intact@${Level}` | 'tampered' | 'unverifiable';

export interface RunResult {
  verdict: RunVerdict;
  /** How many of each were checked. */
  counts: { [check: string]: number };
  findings: RunFinding[];
  findings_omitted: number;
  anchors: RunAnchor[];
  report: RecordReport;
}

export interface RunSubject {
  institution_id: string | null;
  /** `all`, or the stream of a session. */
  scope: string;
  level: Level;
}

/** A tree of the log that does not come from the database, and the keys whose signatures under it are good. */
export interface Anchor {
  size: number;
  /** Hex. */
  root: string;
  /** The log's keys, each by its name and its id: `<name>+<key id>`. */
  signed_by: string[];
  /** Witnesses' that the settings name. */
  cosigned_by: string[];
}

export type RunAnchor = Anchor & { from: (typeof ANCHORED_BY)[number] };

/** What the log is compared with; undefined where it is not to be had, or none of the log's keys signed it. */
export type Anchors = { [from in RunAnchor['from']]: Anchor | undefined };

export interface RunTools {
  db: Queryable;
  catalog: Catalog;
  blobs: Blobs;
  progress: Progress;
}

export async function verifyRun({ db, catalog, blobs, progress }: RunTools, subject: RunSubject, anchors: Anchors) {
  const { institution_id, scope, level } = subject;
  const stream = scope === 'all' ? null : scope;
  const compared = comparedAt(level, anchors);
  const trees = level === 'self' ? null : compared;
  const checked = await checkRecord(db, catalog, { institution_id, stream, trees }, progress, blobs);
  return resultOf(checked, level, compared);
}

/**
 * At `anchored` the signer's state is compared with too, where it is there: also beside a checkpoint that none of the keys in the
 * database signed, for keys may have been exchanged there.
 */
function comparedAt(level: Level, { signer, given }: Anchors): RunAnchor[] {
  const bySigner: RunAnchor[] = signer ? [{ from: 'signer', ...signer }] : [];
  if (level === 'self') return [];
  if (level === 'log') return bySigner;
  return given ? [{ from: 'given', ...given }, ...bySigner] : bySigner;
}

export function resultOf(checked: CheckedRecord, level: Level, anchors: RunAnchor[]): RunResult {
  const { report, streams_unjudged, files_checked } = checked;
  const counts = {
    event: report.events_checked,
    stream: report.streams_checked,
    state: report.streams_checked - streams_unjudged,
    exhibit: files_checked,
    command: report.commands_checked,
    leaf: report.leaves_checked,
  };
  const isAnchored = anchors.some(({ from }) => from === (level === 'anchored' ? 'given' : 'signer'));
  const verdict = verdictOf(checked, level, isAnchored);
  return { verdict, counts, ...findingsOf(report), anchors, report };
}

/** A finding outweighs what could not be looked at; nothing checked is never intact. */
function verdictOf({ report, streams_unjudged }: CheckedRecord, level: Level, isAnchored: boolean): RunVerdict {
  if (report.tamper_detected) return 'tampered';
  if (report.events_checked === 0 || streams_unjudged > 0) return 'unverifiable';
  if (level !== 'self' && (!isAnchored || report.leaves_checked === 0)) return 'unverifiable';
  return `intact@${level}`;
}
