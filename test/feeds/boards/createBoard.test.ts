/** A board is a link with an end; what is recorded of its secret is a hash. */
import { expect, test } from 'vitest';
import { boardCreated, createBoard } from '../../../src/feeds/boards/createBoard.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, BOARD, INSTITUTION, superAdmin } from '../../support/matchFixture.ts';

const secret_hash = 'ab'.repeat(32);
/** What the door gives the input besides. */
const kept = { secret_hash };
const more = { id: BOARD, kept };
const inputOf = (body: object) => ({ ...createBoard.body.parse(body), ...kept }) as never;
const IN_90_DAYS = '2027-02-19T12:00:00.000Z';

test('a board belongs to the institution of its admin, for ninety days, and its secret is a hash', () => {
  const facts = { institution_id: INSTITUTION, name: 'Foyer', secret_hash, expires_at: IN_90_DAYS };
  const { result } = given().when(createBoard, { name: 'Foyer' }, admin, more).then(boardCreated(facts))!;
  expect(result).toEqual({
    ...{ id: BOARD, institution_id: INSTITUTION, name: 'Foyer', created_at: NOW },
    ...{ expires_at: IN_90_DAYS, revoked_at: null, link: null, secret_hash },
  });
});

test('an admin says how long it is good for, and a super_admin in which institution', () => {
  const facts = { institution_id: INSTITUTION, name: 'Board', secret_hash, expires_at: '2026-11-22T12:00:00.000Z' };
  given().when(createBoard, { institution_id: INSTITUTION, days: 1 }, superAdmin, more).then(boardCreated(facts));
  for (const days of [0, 367, 1.5]) expect(createBoard.body.safeParse({ days }).success).toBe(false);
  const faults = (body: object) => createBoard.faults!(inputOf(body), superAdmin);
  expect(faults({}).map(({ pointer }) => pointer)).toEqual(['/institution_id']);
  expect(faults({ institution_id: INSTITUTION })).toEqual([]);
});

test('an institution has 200 open boards and no more', () => {
  const facts = { institution_id: INSTITUTION, name: 'Board', secret_hash, expires_at: IN_90_DAYS };
  given()
    .when(createBoard, {}, admin, { ...more, fact: 199 })
    .then(boardCreated(facts));
  given()
    .when(createBoard, {}, admin, { ...more, fact: 200 })
    .then('too_many_boards');
});

test('the link is made for the answer, of the secret whose hash is recorded', () => {
  const asked: object[] = [];
  const command = { id: BOARD, input: inputOf({}), actor: admin };
  const answered = (secret: string | null) =>
    createBoard.answer!(
      { id: BOARD, link: null, secret_hash },
      command,
      () => '',
      ({ path, ...link }) => {
        asked.push(link);
        return secret && path(secret);
      },
    );
  expect(answered('secret')).toEqual({ id: BOARD, link: `/api/board/${BOARD}/open/secret` });
  expect(answered(null)).toEqual({ id: BOARD, link: null });
  expect(asked).toEqual([1, 2].map(() => ({ id: BOARD, secret_hash })));
});
