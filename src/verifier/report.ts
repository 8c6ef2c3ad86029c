/** What a verification says: a verdict that names its level, what was looked at and how often, and each thing that is wrong. */

/** How far a verdict reaches: the bundle in itself, or a checkpoint of the log whose key was given from outside. */
export type BundleLevel = 'self' | 'anchored';

export type Verdict = `intact@${BundleLevel}` | 'tampered' | 'unverifiable';

/** What can be found wrong; docs/bundle.md says of each what it means. */
export type Check =
  | 'file'
  | 'envelope'
  | 'sequence'
  | 'link'
  | 'time'
  | 'stream'
  | 'ending'
  | 'payload'
  | 'payload_missing'
  | 'payload_unexpected'
  | 'erasure'
  | 'exhibit'
  | 'exhibit_missing'
  | 'exhibit_unexpected'
  | 'session'
  | 'state'
  | 'proof'
  | 'leaf'
  | 'checkpoint';

export interface Finding {
  check: Check;
  stream: string | null;
  event_sequence: number | null;
  /** In the log. */
  index: number | null;
  expected: string | null;
  got: string | null;
}

export interface BundleReport {
  verdict: Verdict;
  /** The level that was asked for. */
  level: BundleLevel;
  stream: string | null;
  head: { event_sequence: number; event_hash: string } | null;
  /** What the verdict rests on, where it is anchored: the checkpoint. */
  anchor: { origin: string; size: number; root: string; from: 'bundle' | 'outside' } | null;
  /** How many of each were checked. */
  counts: { [check: string]: number };
  /** In the order of their places, the first broken one first; at most 10,000. */
  findings: Finding[];
  findings_omitted: number;
  /** Why it cannot be verified, where it cannot. */
  reasons: string[];
  /** What was left unchecked and makes no difference to the verdict. */
  notes: string[];
}

const MAX_FINDINGS = 10_000;
const MAX_SHOWN = 200;

export interface Tally {
  readonly counts: { [check: string]: number };
  readonly findings: Finding[];
  readonly reasons: string[];
  readonly notes: string[];
  omitted(): number;
  find(check: Check, place: Partial<Finding>): void;
}

export function startTally(): Tally {
  const findings: Finding[] = [];
  let omitted = 0;

  function find(check: Check, { stream = null, event_sequence = null, index = null, expected, got }: Partial<Finding>) {
    if (findings.length === MAX_FINDINGS) omitted += 1;
    else findings.push({ check, stream, event_sequence, index, expected: shown(expected), got: shown(got) });
  }

  return { counts: {}, findings, reasons: [], notes: [], omitted: () => omitted, find };
}

export function count({ counts }: Tally, what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by;
}

function shown(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Nothing checked is nothing verified; a finding outweighs all that could not be looked at. */
export function verdictOf({ findings, reasons }: Pick<Tally, 'findings' | 'reasons'>, level: BundleLevel): Verdict {
  if (findings.length > 0) return 'tampered';
  return reasons.length > 0 ? 'unverifiable' : `intact@${level}`;
}

/** What a process exits with: 0 intact, 1 tampered, 2 unverifiable. */
export function exitCodeOf(verdict: Verdict): 0 | 1 | 2 {
  if (verdict === 'tampered') return 1;
  return verdict === 'unverifiable' ? 2 : 0;
}
