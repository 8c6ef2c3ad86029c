/** What is followed no more is ended; what was not followed is not either. */
import { expect, test } from 'vitest';
import { unfollow } from '../../../src/notices/follows/unfollow.ts';
import { given, NOW } from '../../support/given.ts';
import { presiding } from '../../support/matchFixture.ts';

const kept = { owner: presiding.id };
const when = (subjects: [string, boolean][]) =>
  given()
    .when(unfollow, { team: 'Harbour' }, presiding, { kept, fact: new Map(subjects) })
    .then()!;

test('a follow is ended', () => {
  const { rows, writes, result } = when([['team:harbour', true]]);
  expect(rows).toEqual([]);
  expect(result).toEqual({ id: presiding.id, session_id: null, team: 'Harbour', match_id: null, following: false });
  expect(writes).toEqual([
    {
      ...{ table: 'follows', key: { user_id: presiding.id, subject: 'team:harbour' }, insert: false },
      set: { ended_at: NOW },
    },
  ]);
});

test.each([[[]], [[['team:harbour', false]]]] as [[string, boolean][]][])(
  'where there is none, nothing changes',
  (known) => {
    expect(when(known).writes).toEqual([]);
  },
);
