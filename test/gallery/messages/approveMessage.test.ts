/** A message that waited is shown. */
import { expect, test } from 'vitest';
import { approveMessage, messageApproved } from '../../../src/gallery/messages/approveMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { testHosts } from '../../support/hosts.ts';
import { admin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageApproved({ ...body, reason: null });
const by = (before = given(posted({ state: 'held' }))) => before.when(approveMessage, body, admin, { fact: hallOf() });

test('shows what waited for a moderator', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'shown' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted({ state: 'held' }))
    .when(approveMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageApproved({ ...body, reason: 'Said so.' }));
  by(given(posted({ state: 'held' }), done)).then('message_state', { status: 409 });
  by(given(posted({ state: 'held' }), messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
});

testHosts(approveMessage, body, done, posted({ state: 'held' }));
