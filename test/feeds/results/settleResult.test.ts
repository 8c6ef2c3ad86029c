/** What came of a result is recorded, and another one that was handed in since waits on. */
import { expect, test } from 'vitest';
import { resultHanded } from '../../../src/feeds/results/handResult.ts';
import { resultFailed, resultPosted, settleResult } from '../../../src/feeds/results/settleResult.ts';
import { given } from '../../support/given.ts';
import { FEED, MATCH, system } from '../../support/matchFixture.ts';

const [one, other] = ['018f3c1e-2222-7222-8222-222222220000', '018f3c1e-3333-7333-8333-333333330000'] as const;
const handed = (result_id: string) => resultHanded({ result_id, feed_id: FEED, hash: 'ab'.repeat(32), confirm: false });
const settle = (result_id: string, ending: object) => ({
  ...{ match_id: MATCH, result_id, ballot_id: null, why: null },
  ...ending,
});

test('one that arrived has the ballot that it is there, and nothing waits', () => {
  const { states, result } = given(handed(one))
    .when(settleResult, settle(one, { ballot_id: '1042' }), system)
    .then(resultPosted({ result_id: one, ballot_id: '1042' }))!;
  expect(states.match.waiting).toBeNull();
  expect(result).toEqual({ id: MATCH });
});

test('one that did not says why', () => {
  const { states } = given(handed(one))
    .when(settleResult, settle(one, { why: 'not_on_panel' }), system)
    .then(resultFailed({ result_id: one, why: 'not_on_panel' }))!;
  expect(states.match.waiting).toBeNull();
});

test('one that was given up is settled behind a later one, which waits on', () => {
  const { states } = given(handed(one), handed(other))
    .when(settleResult, settle(one, { why: 'unknown' }), system)
    .then(resultFailed({ result_id: one, why: 'unknown' }))!;
  expect(states.match.waiting.id).toBe(other);
});
