/** A hidden message is shown again. */
import { expect, test } from 'vitest';
import { messageReported, reportMessage } from '../../../src/gallery/messages/reportMessage.ts';
import { messageRestored, restoreMessage } from '../../../src/gallery/messages/restoreMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { testHosts } from '../../support/hosts.ts';
import { admin, outsideJudge, SESSION } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageRestored({ ...body, reason: null });
const hidden = posted({ is_shadowed: true, needs_review: true });
const by = (before = given(hidden)) => before.when(restoreMessage, body, admin, { fact: hallOf() });

test('shows a message again that reports or the guard have hidden', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'shown' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(hidden)
    .when(restoreMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageRestored({ ...body, reason: 'Said so.' }));
  by(given(hidden, done)).then('message_state', { status: 409 });
  by(given(hidden, messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
  by(given(posted({ state: 'held' }))).then('message_state', { from: 'held' });
});

testHosts(restoreMessage, body, done, hidden);

test('outweighs all reports that come after it', () => {
  const reported = (n: number) =>
    messageReported({
      ...{ report_id: SESSION, message_id: MESSAGE, message_commitment: '0'.repeat(64), author: 'system' },
      ...{ reporter: `reporter-${n}`, reason: null, effect: 'none' },
    });
  const { writes } = given(posted({ is_shadowed: true }), done, ...[0, 1, 2, 3, 4].map(reported))
    .when(reportMessage, body, outsideJudge, { fact: hallOf() })
    .then(expect.objectContaining({ payload: expect.objectContaining({ effect: 'none' }) }) as never)!;
  expect(writes[0]!.set).toMatchObject({ state: 'shown', is_shadowed: false, is_kept: true, reports: 6 });
});
