/** Entries of a trail are events of their type, one each, and rows that say the same. */
import { expect, test } from 'vitest';
import { ENTRY_TYPES } from '../../src/audit/entry.ts';
import { ENTRIES, MOST_ENTRIES, recordEntries } from '../../src/audit/recordEntries.ts';
import { given, NOW } from '../support/given.ts';
import { admin, INSTITUTION, system } from '../support/matchFixture.ts';

const facts = {
  ...{ user_id: admin.id, role: 'admin', action: 'institution.settings', outcome: 'applied' as const, code: null },
  ...{ command_id: '018f3c1e-2222-7111-8111-111111110000', subject: `institution:${INSTITUTION}` },
  ...{ count: 1, happened_at: NOW },
};
const order = (...entries: object[]) => ({ owner: INSTITUTION, entries });

test('each entry is one event of its type, in order', () => {
  const entries = ENTRY_TYPES.map((type) => ({ type, ...facts }));
  const expected = ENTRY_TYPES.map((type) => ENTRIES[type](facts));
  const verdict = given()
    .when(recordEntries, order(...entries), system)
    .then(...expected)!;
  expect(verdict.recorded).toEqual({ stream: `audit:${INSTITUTION}`, sequence_from: 1, sequence_to: 5 });
  expect(verdict.writes[1]).toMatchObject({
    ...{ table: 'audit_entries', insert: true },
    set: { owner: INSTITUTION, event_sequence: 2, type: 'access_deny', user_id: admin.id, count: 1 },
  });
});

test('a trail that has entries goes on where it ended', () => {
  const refused = {
    ...facts,
    outcome: 'refused' as const,
    code: 'forbidden',
    command_id: null,
    subject: null,
    count: 40,
  };
  const verdict = given(ENTRIES.access_grant(facts))
    .when(recordEntries, order({ type: 'access_deny', ...refused }), system)
    .then(ENTRIES.access_deny(refused))!;
  expect(verdict.recorded).toMatchObject({ sequence_from: 2 });
});

test('an entry names a file by its hash', () => {
  const data = { sha256: 'ab'.repeat(32), size_bytes: 2_000 };
  const verdict = given()
    .when(recordEntries, order({ type: 'admin_action', ...facts, data }), system)
    .then(ENTRIES.admin_action({ ...facts, data }))!;
  expect(verdict.writes[0]).toMatchObject({ set: { data_sha256: data.sha256, data_bytes: 2_000 } });
});

test.each([
  ['nothing', []],
  ['more than one command may', Array(MOST_ENTRIES + 1).fill({ type: 'access_deny', ...facts })],
  ['another type', [{ type: 'coffee', ...facts }]],
  ['what somebody typed', [{ type: 'access_deny', ...facts, action: 'Let me in, please\n' }]],
  ['a count of none', [{ type: 'access_deny', ...facts, count: 0 }]],
])('%s is no entry', (_, entries) => {
  expect(recordEntries.body.safeParse(order(...entries)).success).toBe(false);
});
