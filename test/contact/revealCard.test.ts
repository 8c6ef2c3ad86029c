/** A card is revealed where there is one, and where what is kept of it is what its person wrote. */
import { expect, test } from 'vitest';
import { cardRevealed, revealCard } from '../../src/contact/revealCard.ts';
import { cardWritten } from '../../src/contact/writeCard.ts';
import { given } from '../support/given.ts';
import { bailiff, INSTITUTION } from '../support/matchFixture.ts';

const COMMITMENT = 'ab'.repeat(32);
const CARD = '018f3c1e-7b2a-7c11-9d0e-0000000000ca';
const written = (fields: ('email' | 'phone')[] = ['email']) =>
  cardWritten({
    ...{ details_id: CARD, institution_id: INSTITUTION, visible_to: ['moderator'], fields },
    commitment: COMMITMENT,
  });
const fact = new Map([[CARD, COMMITMENT]]);

test('a card is revealed, and its outcome holds nothing of it', () => {
  const { result, writes } = given(written())
    .when(revealCard, {}, bailiff, { fact })
    .then(cardRevealed({ details_id: CARD }))!;
  expect(result).toEqual({ id: expect.any(String), revealed_at: expect.any(String) });
  expect(writes).toEqual([]);
});

test('where there is none, or an emptied one, nothing is revealed', () => {
  given().when(revealCard, {}, bailiff, { fact }).then('not_found');
  given(written(), written([])).when(revealCard, {}, bailiff, { fact }).then('not_found');
});

test.each([
  ['was changed', new Map([[CARD, 'cd'.repeat(32)]])],
  ['is another one', new Map([['018f3c1e-7b2a-7c11-9d0e-0000000000cb', COMMITMENT]])],
  ['is gone', undefined],
])('a card of which what is kept %s is revealed to nobody', (_, kept) => {
  given(written()).when(revealCard, {}, bailiff, { fact: kept }).then('card_altered');
});
