/** A conflict is settled once, and what is there is known from then on. */
import { expect, test } from 'vitest';
import { conflictSettled, settleConflict } from '../../../src/feeds/conflicts/settleConflict.ts';
import { feedRemoved } from '../../../src/feeds/switchFeed.ts';
import { created } from '../../support/feeds.ts';
import { given, NOW } from '../../support/given.ts';
import { ASSIGNMENT, admin, FEED } from '../../support/matchFixture.ts';

const base = { title: 'A v. B', courtroom: 'Room 1' };
const fact = { assignment_id: ASSIGNMENT, debate: 'd1', field: 'courtroom', theirs: 'Hall 9', base };
const settled = (take: 'ours' | 'theirs') =>
  conflictSettled({ n: 3, assignment_id: ASSIGNMENT, field: 'courtroom', take });

test.each(['ours', 'theirs'] as const)('with %s taken, what is there is what was imported last', (take) => {
  const { result, writes } = given(created).when(settleConflict, { take }, admin, { fact }).then(settled(take))!;
  expect(result).toEqual({ id: FEED, n: 3, assignment_id: ASSIGNMENT, field: 'courtroom', take });
  expect(writes).toEqual([
    {
      ...{ table: 'feed_conflicts', key: { feed_id: FEED, n: 3 }, insert: false },
      set: { settled_at: NOW, taken: take },
    },
    {
      ...{ table: 'feed_mappings', key: { feed_id: FEED, entity_type: 'debate', provider_id: 'd1' }, insert: false },
      set: { base: { ...base, courtroom: 'Hall 9' }, changed_at: NOW },
    },
  ]);
});

test('where the debate is known no more, the conflict alone is settled', () => {
  const gone = { ...fact, base: null };
  const { writes } = given(created)
    .when(settleConflict, { take: 'ours' }, admin, { fact: gone })
    .then(settled('ours'))!;
  expect(writes.map(({ table }) => table)).toEqual(['feed_conflicts']);
});

test('one that is none, or is settled, or of a feed that was removed, is not settled', () => {
  given(created).when(settleConflict, { take: 'ours' }, admin).then('not_found');
  given(created, feedRemoved({})).when(settleConflict, { take: 'ours' }, admin, { fact }).then('not_found');
});
