/** A vote: one for each person and message, and none for an own one. */
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../src/core/definitions/event.ts';
import { messageVoted, voteMessage } from '../../../src/gallery/messages/voteMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { AUTHOR, hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { SESSION, student, superAdmin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const vote = (before: NewEvent[], fact = hallOf(), actor = student) =>
  given(...before).when(voteMessage, body, actor, { fact });

test('is counted once', () => {
  const { result, writes } = vote([posted()]).then(messageVoted(body))!;
  expect(result).toMatchObject({ id: MESSAGE, votes: 1, state: 'shown' });
  expect(writes).toEqual([expect.objectContaining({ table: 'gallery_messages', key: { id: MESSAGE }, insert: false })]);
  expect(vote([posted(), messageVoted(body)]).then(messageVoted(body))!.result).toMatchObject({ votes: 2 });
});

test('is not counted twice, and not for an own message', () => {
  const author = { ...superAdmin, id: AUTHOR };
  vote([posted()], hallOf(), author).then('own_message', { status: 409 });
  vote([posted(), messageVoted(body)], hallOf(), author).then('already_voted', { status: 409 });
});

test('is for what all see', () => {
  for (const hidden of [posted({ state: 'held' }), posted({ is_shadowed: true })]) vote([hidden]).then('not_found');
  vote([posted(), messageWithdrawn(body)]).then('not_found');
  vote([posted({ message_id: SESSION })]).then('not_found');
});

test('is refused as what is said is', () => {
  vote([posted()], hallOf({ mode: 'off' })).then('gallery_closed');
  vote([posted()], hallOf({ is_closed: true, status: 'active' })).then('gallery_closed');
  vote([posted()], seated).then('not_found');
  const nobody = { ...student, role: 'anonymous' } as const;
  vote([posted()], hallOf({ status: 'active', mode: 'always' }), nobody).then('unauthenticated');
});
