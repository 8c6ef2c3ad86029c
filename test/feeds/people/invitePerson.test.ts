/** A person of a site is invited, as the user that they are here; a user of somebody's own is not. */
import { expect, test } from 'vitest';
import { type Invitee, invitePerson, personInvited } from '../../../src/feeds/people/invitePerson.ts';
import { feedRemoved } from '../../../src/feeds/switchFeed.ts';
import { created } from '../../support/feeds.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, FEED, INSTITUTION, student } from '../../support/matchFixture.ts';

const provider_id = 'Ada/42';
const person = (changes: Partial<Invitee> = {}): Invitee => ({
  ...{ kind: 'speaker', name: 'Ada Petrova', user_id: student.id, is_linked: false, was_invited: false },
  ...changes,
});
const secret_hash = 'ab'.repeat(32);
const kept = { secret_hash };
const TOMORROW = '2026-11-22T12:00:00.000Z';
const INVITED = { provider_id, user_id: student.id, role: 'participant' as const };

test('an invitation is recorded, ends after a day, and keeps the hash of what opens it', () => {
  const { result, writes } = given(created)
    .when(invitePerson, {}, admin, { fact: person(), kept })
    .then(personInvited(INVITED))!;
  expect(result).toEqual({ id: FEED, ...INVITED, expires_at: TOMORROW, link: null, secret_hash });
  expect(writes).toEqual([
    {
      ...{ table: 'feed_invites', key: { feed_id: FEED, provider_id }, insert: true },
      set: {
        ...{ id: expect.any(String), institution_id: INSTITUTION, user_id: student.id, role: 'participant' },
        ...{ name: 'Ada Petrova', invited_at: NOW, expires_at: TOMORROW, secret_hash, used_at: null },
      },
    },
  ]);
});

test('who adjudicates there is a judge here, and an invitation takes the place of the one before', () => {
  const fact = person({ kind: 'adjudicator', was_invited: true });
  const { writes } = given(created)
    .when(invitePerson, {}, admin, { fact, kept })
    .then(personInvited({ ...INVITED, role: 'judge' }))!;
  expect(writes).toMatchObject([{ insert: false, set: { role: 'judge', secret_hash, used_at: null } }]);
});

test('a person who was linked to a user is not invited, nor one whom nobody has named, nor any of a feed that is gone', () => {
  given(created)
    .when(invitePerson, {}, admin, { fact: person({ is_linked: true }) })
    .then('person_linked');
  given(created).when(invitePerson, {}, admin).then('not_found');
  given(created, feedRemoved({})).when(invitePerson, {}, admin, { fact: person() }).then('not_found');
});

test('erased, the event names nobody', () => {
  expect(personInvited.erased!(INVITED)).toEqual({ ...INVITED, provider_id: '' });
});
