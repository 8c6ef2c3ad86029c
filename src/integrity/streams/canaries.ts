/**
 * Streams that are broken on purpose: a sweep that does not find exactly what is wrong with each of them, over a database whose SHA-256
 * is not that of this process, is not to be believed.
 */
import { sha256 } from '../../core/chain/sha256.ts';
import type { Head } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { projected } from '../../tables.ts';
import { compareRows } from './compareRows.ts';
import { chainFindings, headFindings, payloadFindings } from './findings.ts';
import type { FaultyEvent, StreamRows } from './streamRows.ts';

const [HASH, FORGED] = [sha256('canary'), sha256('forged')];
const AT = '2026-11-21T10:00:00.000Z';
const HEAD: Head = { sequence: 3, event_hash: HASH, occurred_at: AT };
const EVENT: FaultyEvent = {
  ...{ sequence: 2, expected_sequence: 2, event_hash: HASH, computed_hash: HASH, previous_hash: HASH },
  ...{ expected_previous: HASH, payload_commitment: HASH, computed_commitment: HASH, has_payload: true },
  ...{ is_lost: false, is_restored: false, is_backwards: false },
};
const SOUND: StreamRows = {
  ...{ stream: 'canary:1', head: HEAD, last: HEAD, events_checked: 3, fault_count: 0, faulty_sequences: [] },
  ...{ lost_sequences: [], faulty: [], stray_payloads: [], unerased: [], recorded: [], rows: {} },
};

const broken = (changes: Partial<FaultyEvent>): StreamRows => ({ ...SOUND, faulty: [{ ...EVENT, ...changes }] });

/** How the one finding on each begins. */
const CANARIES: [begins: string, rows: StreamRows][] = [
  ['Sequence gap: expected 1, got 2', broken({ expected_sequence: 1 })],
  ['Hash mismatch at sequence 2', broken({ computed_hash: FORGED })],
  ['Hash mismatch at sequence 2', broken({ computed_commitment: FORGED })],
  ['Broken link at sequence 2', broken({ previous_hash: FORGED })],
  ['Payload missing at sequence 2', broken({ is_lost: true, has_payload: false })],
  ['Erased payload present at sequence 2', broken({ is_restored: true })],
  ['Time runs backwards at sequence 2', broken({ is_backwards: true })],
  ['Payload without an event at sequence 4', { ...SOUND, stray_payloads: [4] }],
  ['Head mismatch', { ...SOUND, head: { ...HEAD, sequence: 4 } }],
  ['Stream missing', { ...SOUND, head: null, last: null }],
];

export function issuesOfChain(rows: StreamRows): string[] {
  return [...chainFindings(rows), ...payloadFindings(rows), ...headFindings(rows, false)].map(({ text }) => text);
}

/** @throws where one of them passes, or where a sound stream does not */
export function assertSweepFinds(judge = issuesOfChain, compare = compareRows): void {
  if (judge(SOUND).length > 0) throw new Error('the sweep finds faults in a sound stream');
  for (const [begins, rows] of CANARIES) {
    const issues = judge(rows);
    if (issues.length !== 1 || !issues[0]!.startsWith(begins)) throw new Error(`the sweep does not find: ${begins}`);
  }
  for (const { name, stream } of projected) {
    if (compare(stream, new Map(), [], { [name]: [{}] }).length !== 1) {
      throw new Error(`the sweep does not find a row too many of ${name}`);
    }
  }
}

const HASHES = `select encode(sha256('\\x00'::bytea || convert_to($1, 'UTF8')), 'hex') as hash`;

/** @throws as `assertSweepFinds`, and where the database hashes otherwise */
export async function confirmSweepFinds(db: Queryable): Promise<void> {
  assertSweepFinds();
  const { rows } = await db.query<{ hash: string }>(HASHES, ['canary']);
  if (rows[0]!.hash !== sha256('\u0000canary')) throw new Error('the database does not compute SHA-256');
}
