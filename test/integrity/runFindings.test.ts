/** What verification words, taken apart for programs, and the verdict that follows at each level. */
import { describe, expect, test } from 'vitest';
import { formatNote, NoteFault } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { signingKey, signText } from '../../src/core/proof/signNote.ts';
import type { CheckedRecord, RecordReport } from '../../src/integrity/recordReport.ts';
import { findingOf } from '../../src/integrity/runs/findingOf.ts';
import { type BegunRun, runReportText } from '../../src/integrity/runs/runReport.ts';
import { type RunAnchor, type RunResult, resultOf } from '../../src/integrity/runs/verifyRun.ts';

const STREAM = 'session:5b0e2a53-4a2b-4b9e-9a53-000000000001';
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

function checked(changes: Partial<RecordReport> = {}, streams_unjudged = 0): CheckedRecord {
  const report = {
    ...{ sessions_checked: 1, streams_checked: 2, events_checked: 17 },
    ...{ invalid_sessions: [], invalid_streams: [], guard_issues: [], guard_notes: [] },
    ...{ commands_checked: 3, command_issues: [], leaves_checked: 17, log_issues: [], issues_omitted: 0 },
    ...{ tamper_detected: false, system_valid: true, message: '', checked_at: '2026-11-22T05:00:00.000Z' },
    ...changes,
  };
  return { report, streams_unjudged, files_checked: 1 };
}

describe('an issue taken apart', () => {
  test.each([
    [`Hash mismatch at sequence 3: stored=${A}, computed=${B}`, ['hash', STREAM, 3, null, B, A]],
    ['Sequence gap: expected 5, got 7', ['sequence', STREAM, 7, null, '5', '7']],
    [`Broken link at sequence 2: previous_hash=${A}, expected=${B}`, ['link', STREAM, 2, null, B, A]],
    ['Time runs backwards at sequence 4', ['time', STREAM, 4, null, null, 'Time runs backwards at sequence 4']],
    ['Payload missing at sequence 6', ['payload_missing', STREAM, 6, null, null, 'Payload missing at sequence 6']],
    [
      'Erased payload present at sequence 6',
      ['erasure', STREAM, 6, null, null, 'Erased payload present at sequence 6'],
    ],
    ['File of exhibit x is missing', ['exhibit', STREAM, null, null, null, 'File of exhibit x is missing']],
    [
      'Projection mismatch in turns 1: state is "ended", the chain says "active"',
      ['state', STREAM, null, null, '"active"', 'turns 1: state is "ended"'],
    ],
    [`State digest mismatch at sequence 9: stored=${A}, computed=${B}`, ['state', STREAM, 9, null, B, A]],
    [`Leaf mismatch at 12: leaf=${A}, event 4 of assignment:x=${B}`, ['leaf', 'assignment:x', 4, 12, A, B]],
    ['Leaf missing: 12', ['leaf', STREAM, null, 12, null, 'Leaf missing: 12']],
    [`Checkpoint mismatch at size 5: signed=${A}, computed=${B}`, ['checkpoint', STREAM, null, null, A, B]],
    ['Something of its own', ['guard', STREAM, null, null, null, 'Something of its own']],
  ])('%s', (issue, [check, stream, event_sequence, index, expected, got]) => {
    expect(findingOf(issue, STREAM, 'guard')).toEqual({ check, stream, event_sequence, index, expected, got });
  });
});

const ANCHOR: RunAnchor = { from: 'signer', size: 3, root: A, signed_by: ['log+0a'], cosigned_by: [] };

describe('a verdict', () => {
  test('is intact at the level that was asked for, and no further', () => {
    expect(resultOf(checked(), 'self', []).verdict).toBe('intact@self');
    expect(resultOf(checked(), 'log', [ANCHOR]).verdict).toBe('intact@log');
    expect(resultOf(checked(), 'anchored', [{ ...ANCHOR, from: 'given' }]).verdict).toBe('intact@anchored');
    expect(resultOf(checked(), 'anchored', [ANCHOR]).verdict).toBe('unverifiable');
  });

  test.each([
    ['of no event', checked({ events_checked: 0 }), 'self', true],
    ['of tables that only a newer version knows', checked({}, 1), 'self', true],
    ['of a log that there is nothing to compare with', checked(), 'log', false],
    ['of no leaf', checked({ leaves_checked: 0 }), 'anchored', true],
  ] as const)('%s is unverifiable', (_, record, level, isAnchored) => {
    expect(resultOf(record, level, isAnchored ? [ANCHOR] : []).verdict).toBe('unverifiable');
  });

  test('is tampered wherever there is a finding, whatever could not be looked at', () => {
    const found = checked({ tamper_detected: true, log_issues: ['Leaf missing: 3'], leaves_checked: 0 });
    const { verdict, findings, counts } = resultOf(found, 'log', []);
    expect([verdict, findings.length, counts.event]).toEqual(['tampered', 1, 17]);
  });

  test('lists as many findings as a signed note has room for, and counts the others', () => {
    const issues = Array.from({ length: 1_000 }, (_, i) => `Projection mismatch in turns ${i}: ${'"'.repeat(900)}`);
    const broken = checked({ tamper_detected: true, issues_omitted: 5, invalid_streams: [{ stream: STREAM, issues }] });
    const result = resultOf(broken, 'self', []);
    const { findings, findings_omitted } = result;
    expect(findings.length).toBeGreaterThan(50);
    expect(findings.length + findings_omitted).toBe(1_005);
    const at = '2026-11-22T05:00:00.000Z';
    const run = { id: STREAM, job: null, scope: 'all', level: 'self', started_at: at } as const;
    const text = runReportText(run, result, at);
    expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  });
});

describe('a stored report that was edited', () => {
  const at = '2026-11-22T05:00:00.000Z';
  const begun: BegunRun = { id: STREAM, job: null, scope: 'all', level: 'log', started_at: at };
  const broken = checked({ tamper_detected: true, log_issues: ['Leaf missing: 3'] });
  const result = resultOf(broken, 'log', [{ from: 'signer', size: 5, root: A, signed_by: [], cosigned_by: [] }]);
  const key = signingKey('court.example/log/head', 'ed25519', new Uint8Array(32).fill(3));
  const text = runReportText(begun, result, at);
  const note = formatNote({ text, signatures: [signText(text, key)] });

  test('in any column of its row is no longer what its note says', async () => {
    expect((await openNote(note, [key])).text).toBe(text);
    const rows: Partial<BegunRun>[] = [
      { id: B },
      { job: 'x' },
      { scope: STREAM },
      { level: 'self' },
      { started_at: B },
    ];
    for (const row of rows) expect(runReportText({ ...begun, ...row }, result, at)).not.toBe(text);
    const results: Partial<RunResult>[] = [
      ...[{ verdict: 'intact@log' } as const, { counts: { ...result.counts, leaf: 0 } }, { findings: [] }],
      ...[{ findings_omitted: 1 }, { anchors: [] }],
    ];
    for (const other of results) expect(runReportText(begun, { ...result, ...other }, at)).not.toBe(text);
    expect(runReportText(begun, result, B)).not.toBe(text);
  });

  test('in any character of its note is signed by nobody', async () => {
    for (let i = 0; i < note.length; i += 1) {
      const other = note.slice(0, i) + String.fromCharCode(note.charCodeAt(i) ^ 1) + note.slice(i + 1);
      await expect(openNote(other, [key])).rejects.toBeInstanceOf(NoteFault);
    }
  });
});
