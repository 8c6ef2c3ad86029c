/** A question was answered. */
import { expect, test } from 'vitest';
import { answerMessage, messageAnswered } from '../../../src/gallery/messages/answerMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { testHosts } from '../../support/hosts.ts';
import { admin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageAnswered({ ...body, reason: null });
const by = (before = given(posted())) => before.when(answerMessage, body, admin, { fact: hallOf() });

test('marks a question as answered', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, answered: true });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted())
    .when(answerMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageAnswered({ ...body, reason: 'Said so.' }));
  by(given(posted(), done)).then('message_state', { status: 409 });
  by(given(posted(), messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
});

testHosts(answerMessage, body, done);
