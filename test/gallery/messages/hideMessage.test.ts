/** A message is hidden. */
import { expect, test } from 'vitest';
import { hideMessage, messageHidden } from '../../../src/gallery/messages/hideMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { testHosts } from '../../support/hosts.ts';
import { admin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageHidden({ ...body, reason: null });
const by = (before = given(posted())) => before.when(hideMessage, body, admin, { fact: hallOf() });

test('hides a message from all but its author', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'hidden' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted())
    .when(hideMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageHidden({ ...body, reason: 'Said so.' }));
  by(given(posted(), done)).then('message_state', { status: 409 });
  by(given(posted(), messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
});

testHosts(hideMessage, body, done);
