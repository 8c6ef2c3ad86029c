/** A card is written in the place of the one before; the record has its commitment, and nothing of what it says. */
import { expect, test } from 'vitest';
import { cardWritten, writeCard } from '../../src/contact/writeCard.ts';
import { given } from '../support/given.ts';
import { INSTITUTION, presiding } from '../support/matchFixture.ts';

const BODY = { name: 'Judge Okafor', phone: '+44 20 7946 0958', visible_to: ['moderator'] as ['moderator'] };
const kept = { user_id: presiding.id, visible_to: ['moderator'], fields: ['phone'], commitment: 'ab'.repeat(32) };
const id = '018f3c1e-1111-7111-8111-111111112222';
const event = cardWritten({
  ...{ details_id: id, institution_id: INSTITUTION, visible_to: ['moderator'], fields: ['phone'] },
  commitment: kept.commitment,
});

test('the first card is a new row, and each after it changes that row', () => {
  const first = given().when(writeCard, BODY, presiding, { kept, id }).then(event)!;
  expect(first.result).toEqual({
    ...{ id: presiding.id, visible_to: ['moderator'], fields: ['phone'], updated_at: expect.any(String) },
  });
  expect(first.writes).toMatchObject([{ table: 'contact_cards', key: { id: presiding.id }, insert: true }]);
  expect(JSON.stringify([first.rows, first.writes])).not.toMatch(/Okafor|7946.?0958/);
  const second = given(event).when(writeCard, BODY, presiding, { kept, id }).then(event)!;
  expect(second.writes).toMatchObject([{ table: 'contact_cards', key: { id: presiding.id }, insert: false }]);
});

test('a number is kept as E.164 writes it', () => {
  expect(writeCard.body.parse(BODY)).toEqual({ ...BODY, phone: '+442079460958' });
});
