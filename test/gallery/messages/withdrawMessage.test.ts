/** An author takes a message back, and nobody else does. */
import { expect, test } from 'vitest';
import { messageWithdrawn, withdrawMessage } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { AUTHOR, hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { SESSION, student, superAdmin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const author = { ...superAdmin, id: AUTHOR };
const withdraw = (before = given(posted()), actor = author, fact = hallOf()) =>
  before.when(withdrawMessage, body, actor, { fact });

test('it is gone then, also where it waits for a moderator', () => {
  expect(withdraw().then(messageWithdrawn(body))!.result).toMatchObject({ id: MESSAGE, state: 'withdrawn' });
  const { writes } = withdraw(given(posted({ state: 'held' }))).then(messageWithdrawn(body))!;
  expect(writes[0]!.set).toMatchObject({ state: 'withdrawn', needs_review: false });
});

test('once', () => {
  withdraw(given(posted(), messageWithdrawn(body))).then('message_state', { status: 409, from: 'withdrawn' });
});

test('nobody takes back what somebody else said', () => {
  withdraw(given(posted()), student).then('not_author', { status: 403 });
  withdraw(given(posted({ message_id: SESSION }))).then('not_found');
});

test('is refused as all of the gallery is', () => {
  withdraw(given(posted()), author, hallOf({ mode: 'off' })).then('gallery_closed');
  withdraw(given(posted()), author, seated).then('not_found');
  const nobody = { ...author, role: 'anonymous' } as never;
  withdraw(given(posted()), nobody, hallOf({ status: 'active', mode: 'always' })).then('unauthenticated');
});
