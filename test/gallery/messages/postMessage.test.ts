/** Something is said: shown at once, held for a moderator, or refused by what stands against it. */
import { expect, test } from 'vitest';
import type { Author } from '../../../src/core/definitions/author.ts';
import { messagePosted, postMessage } from '../../../src/gallery/messages/postMessage.ts';
import { given, NOW } from '../../support/given.ts';
import { authorOf, hallOf, posted, seated } from '../../support/hall.ts';
import { admin, bailiff, outsideJudge, SESSION, student } from '../../support/matchFixture.ts';

const ID = '018f3c1e-1111-7111-8111-111111110000';
const body = { text: ' Does the treaty bind the harbour? ', category: 'question' } as const;
const said = (changes: object = {}) =>
  messagePosted({
    ...{ message_id: ID, category: 'question', text: 'Does the treaty bind the harbour?', author_name: null },
    ...{ author_key: student.id, state: 'shown', is_shadowed: false, needs_review: false, ...changes },
  });
const post = (fact = hallOf(), more: object = {}, actor = student, before = given()) =>
  before.when(postMessage, { ...body, ...more }, actor, { fact });

test('a message is cleaned and shown at once where moderators read afterwards, and the gallery has a row from then on', () => {
  const { result, writes, recorded } = post().then(said())!;
  expect(result).toEqual({ id: ID, author: 'Spectator 1', posted_at: NOW, votes: 0, answered: false, state: 'shown' });
  expect(recorded.stream).toBe(`gallery:${SESSION}`);
  expect(writes.map(({ table, insert }) => [table, insert])).toEqual([
    ['galleries', true],
    ['gallery_messages', true],
  ]);
  expect(writes[1]!.set).toMatchObject({ text: 'Does the treaty bind the harbour?', author: student.id, sequence: 1 });
});

test('what the outcome keeps holds no text; its author is answered with it', () => {
  const { result } = post().then(said())!;
  const input = { ...body, session_id: SESSION, author_name: 'Noor Haddad', author: authorOf(student) };
  expect(
    postMessage.answer!(
      result,
      { id: ID, input, actor: student },
      () => '',
      () => null,
    ),
  ).toEqual({
    ...{ ...result, author: 'Noor Haddad' },
    ...{ category: 'question', text: 'Does the treaty bind the harbour?' },
  });
  // Of a command whose input is gone.
  expect(
    postMessage.answer!(
      result,
      { id: ID, input: { session_id: SESSION } as never, actor: student },
      () => '',
      () => null,
    ),
  ).toEqual(result);
});

test('it is held where moderators read first, but for what the hosts say themselves', () => {
  const before = hallOf({ moderation: 'before' });
  const { result, states } = post(before).then(said({ state: 'held', needs_review: true }))!;
  expect(result).toMatchObject({ state: 'held' });
  expect(states.gallery.messages.size).toBe(1);
  post(before, {}, admin).then(said({ author_key: admin.id }));
  const moderating = hallOf({ moderation: 'before', seat: { role: 'moderator', presiding: false } });
  post(moderating, {}, bailiff).then(said({ author_key: bailiff.id }));
  const sitting = hallOf({ moderation: 'before', seat: { role: 'judge', presiding: false } });
  post(sitting, {}, outsideJudge).then(said({ author_key: outsideJudge.id, state: 'held', needs_review: true }));
});

test('authors are numbered in the order of their first messages', () => {
  const { result } = post(hallOf(), {}, student, given(posted(), posted({ message_id: SESSION }))).then(said())!;
  expect(result).toMatchObject({ author: 'Spectator 2' });
});

test('a name that the token has is recorded with it', () => {
  post(hallOf(), {}, student).then(said());
  const { records, body: schema } = postMessage;
  expect(records).toEqual([messagePosted]);
  expect(schema.safeParse({ ...body, author_name: 'Somebody else' }).success).toBe(false);
});

test('who is shadowed is answered like everybody, and what a moderator is to see is put before one', () => {
  const by = (author: Partial<Author>) => given().when(postMessage, body, student, { fact: hallOf(), author });
  const { result } = by({ is_shadowed: true }).then(said({ is_shadowed: true }))!;
  expect(result).toMatchObject({ state: 'shown' });
  by({ shown_to: 'moderators' }).then(said({ is_shadowed: true, needs_review: true }));
  by({ shown_to: 'author' }).then(said({ is_shadowed: true }));
});

test('a filled honeypot is seen by the guard', () => {
  const { isTrapped } = postMessage.guarded!;
  const asked = (website?: string) =>
    isTrapped!({ ...body, session_id: SESSION, ...(website !== undefined && { website }) } as never);
  expect([asked(), asked(''), asked('https://a.example')]).toEqual([false, false, true]);
});

test('it has 1 to 280 characters as people count them', () => {
  const taken = (text: string) => postMessage.body.safeParse({ ...body, text }).success;
  expect([taken(''), taken('a'), taken('a'.repeat(280)), taken('a'.repeat(281))]).toEqual([false, true, true, false]);
  const family = '👨‍👩‍👧‍👦';
  expect([taken(family.repeat(280)), taken(family.repeat(281))]).toEqual([true, false]);
});

test('nothing is said where there is no gallery, where it is closed, and to nobody on the roster while the session is active', () => {
  post(hallOf({ mode: 'off' })).then('gallery_closed', { status: 409 });
  post(hallOf({ status: 'active' })).then('gallery_closed');
  post(hallOf({ status: 'active', mode: 'always' })).then(said());
  post(seated).then('not_found', { status: 404 });
  given().when(postMessage, body, student, {}).then('not_found');
});

test('while the session is active, strangers without a token are asked for one', () => {
  const nobody = { ...student, id: 'guest:0123456789abcdef', role: 'anonymous' } as const;
  given()
    .when(postMessage, body, nobody, { fact: hallOf({ status: 'active', mode: 'always' }) })
    .then('unauthenticated', { status: 401 });
});

test('a text that a rule refuses is not said, and the answer names the rule', () => {
  given()
    .when(postMessage, { ...body, text: '   ' }, student, { fact: hallOf() })
    .then('refused_text', { status: 422, rule: 'empty' });
});
