/** How a record that was verified is summed up: within bounds, and with what is left out. */
import { expect, test } from 'vitest';
import { checkedRecordOf, count, newTally } from '../../src/integrity/recordReport.ts';
import type { CheckedStream } from '../../src/integrity/streams/verifyStreams.ts';

const ID = '5b0e2a53-4a2b-4b9e-9a53-00000000000';

/** A stream that is full of findings: 100 are told of it, and 20 are left out already. */
function broken(stream: string): CheckedStream {
  const sequences = Array.from({ length: 120 }, (_, i) => i + 1);
  return {
    ...{ stream, is_valid: false, events_checked: 120, invalid_sequences: sequences, head: null },
    ...{ issues: sequences.slice(0, 100).map((n) => `Hash mismatch at sequence ${n}`), issues_omitted: 20 },
    ...{ files: [], unjudged: null, isSealBlank: false },
  };
}

test('of all streams together 1,000 findings are listed, and it says how many are left out', () => {
  const tally = newTally('2026-11-22T12:00:00.000Z');
  for (const n of '0123456789') count(tally, broken(`session:${ID}${n}`), false);
  count(tally, broken(`assignment:${ID}0`), false);
  const { report } = checkedRecordOf(tally);
  expect(report.invalid_sessions.map(({ issues }) => issues.length)).toEqual(Array(10).fill(100));
  expect(report).toMatchObject({ invalid_streams: [], issues_omitted: 11 * 120 - 1_000, tamper_detected: true });
  expect(report.message).toBe(
    'Tampering or damage: 11 streams do not verify. 320 more findings are left out. ' +
      '10 sessions, 11 streams and 1320 events were checked.',
  );
});

test('a finding of more than 1,000 characters is cut', () => {
  const tally = newTally('2026-11-22T12:00:00.000Z');
  count(tally, { ...broken(`session:${ID}0`), issues: ['x'.repeat(1_001)] }, false);
  expect(tally.invalid_sessions[0]!.issues).toEqual([`${'x'.repeat(1_000)}…`]);
});
