/** Sheets are handed in for a match of a site that takes them, one result after the other. */
import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import { sha256 } from '../../../src/core/chain/sha256.ts';
import { handResult, type Origin, resultHanded } from '../../../src/feeds/results/handResult.ts';
import { resultPosted } from '../../../src/feeds/results/settleResult.ts';
import { given, givenEvery, NOW } from '../../support/given.ts';
import { admin, FEED, INSTITUTION, MATCH, RESULT } from '../../support/matchFixture.ts';

const ID = '018f3c1e-2222-7222-8222-222222220000';
const EARLIER = '018f3c1e-3333-7333-8333-333333330000';
const MINUTE_MS = 60_000;

const origin = (changes: Partial<Origin> = {}): Origin => ({
  ...{ institution_id: INSTITUTION, provider: 'tabbycat', feed_id: FEED, provider_id: '10001', round: 1 },
  ...{ is_enabled: true, goes_to: null, ...changes },
});
const hash = sha256(canonicalize(handResult.body.parse(RESULT))!);
const handed = (result_id = ID) => resultHanded({ result_id, feed_id: FEED, hash, confirm: true });

test('of what is handed in the record has a hash; the sheets wait for a worker, and leave the inbox', () => {
  const { result, writes } = given().when(handResult, RESULT, admin, { id: ID, fact: origin() }).then(handed())!;
  expect(result).toEqual({
    ...{ id: ID, match_id: MATCH, hash, confirm: true, state: 'waiting', ballot_id: null, why: null },
    ...{ handed_at: NOW, settled_at: null },
  });
  expect(writes).toMatchObject([
    {
      ...{ table: 'match_results', key: { id: ID }, insert: true },
      set: { match_id: MATCH, provider_id: '10001', round: 1, sheets: RESULT.sheets, state: 'waiting', due_at: NOW },
    },
  ]);
  const input = { match_id: MATCH, owner: INSTITUTION, ...structuredClone(RESULT) };
  expect(handResult.keeps!(input as never)).toEqual({ match_id: MATCH, owner: INSTITUTION, confirm: true });
});

test('while one is on its way there is no other; once it is settled, or an hour has passed, there is', () => {
  const attempt = given(handed(EARLIER)).when(handResult, RESULT, admin, { id: ID, fact: origin() });
  attempt.then('result_waits', { result_id: EARLIER });
  given(handed(EARLIER), resultPosted({ result_id: EARLIER, ballot_id: '1042' }))
    .when(handResult, RESULT, admin, { id: ID, fact: origin() })
    .then(handed());
  givenEvery(60 * MINUTE_MS, handed(EARLIER))
    .when(handResult, RESULT, admin, { id: ID, fact: origin() })
    .then(handed());
});

test('a room of ours, a match from elsewhere, of a feed that is switched off, or of none is refused', () => {
  const hand = (fact?: Origin) => given().when(handResult, RESULT, admin, { id: ID, ...(fact && { fact }) });
  const room = { provider: 'internal', feed_id: null, provider_id: null, round: null };
  hand(origin(room)).then('no_results_back');
  hand(origin({ ...room, goes_to: MATCH })).then('no_results_back', { match_id: MATCH });
  hand(origin({ provider: 'csv' })).then('no_results_back');
  hand(origin({ is_enabled: false })).then('feed_disabled');
  hand().then('not_found');
});
