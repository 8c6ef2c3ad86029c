/** What was said is taken out after its time, and what was done about it stays. */
import { expect, test } from 'vitest';
import { eraseMessages, messagesErased } from '../../../src/gallery/messages/eraseMessages.ts';
import { voteMessage } from '../../../src/gallery/messages/voteMessage.ts';
import { withdrawMessage } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { AUTHOR, hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { SESSION, student, superAdmin, system } from '../../support/matchFixture.ts';

const body = { session_id: SESSION, before: '2026-11-21T11:00:00.000Z' };
const payload_commitment = 'ab'.repeat(32);
const due = [{ message_id: MESSAGE, event_sequence: 1, payload_commitment }];
const erased = messagesErased({
  erased: [{ event_sequence: 1, payload_commitment }],
  ...{ message_ids: [MESSAGE], reason: 'retention' },
});
const erase = (before = given(posted()), fact: object[] = due) => before.when(eraseMessages, body, system, { fact });

test('one event names all that is due, and takes every text out of its rows', () => {
  const { writes, result } = erase().then(erased)!;
  expect(result).toEqual({ id: SESSION });
  expect(writes).toEqual([expect.objectContaining({ table: 'gallery_messages', key: { id: MESSAGE } })]);
  const gone = { category: null, text: null, author_name: null, author_key: null };
  expect(writes[0]!.set).toMatchObject({ ...gone, state: 'erased', needs_review: false });
});

test('nothing is recorded where nothing is due any more', () => {
  erase(given(posted()), []).then();
  erase(given(posted(), erased)).then();
});

test('what is erased is there for nobody', () => {
  const after = given(posted(), erased);
  after.when(voteMessage, { message_id: MESSAGE }, student, { fact: hallOf() }).then('not_found');
  const author = { ...superAdmin, id: AUTHOR };
  after
    .when(withdrawMessage, { message_id: MESSAGE }, author, { fact: hallOf() })
    .then('message_state', { from: 'erased' });
});
