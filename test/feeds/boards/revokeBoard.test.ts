/** A board is revoked for good, and its tokens with it. */
import { expect, test } from 'vitest';
import { boardCreated } from '../../../src/feeds/boards/createBoard.ts';
import { boardRevoked, revokeBoard } from '../../../src/feeds/boards/revokeBoard.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, BOARD, INSTITUTION } from '../../support/matchFixture.ts';

const created = boardCreated({
  ...{ institution_id: INSTITUTION, name: 'Foyer', secret_hash: 'ab'.repeat(32) },
  expires_at: '2027-02-19T12:00:00.000Z',
});

test('a board that is revoked ends every token that bears its id', () => {
  const { result, writes } = given(created).when(revokeBoard, {}, admin).then(boardRevoked({}))!;
  expect(result).toMatchObject({ id: BOARD, revoked_at: NOW, link: null });
  const revoked = { value: BOARD, institution_id: INSTITUTION, revoked_at: NOW };
  const [row] = writes.filter(({ table }) => table === 'revocations');
  expect(row).toMatchObject({ key: { claim: 'sid' }, set: revoked, insert: true });
});

test('one that was revoked before stays as it is', () => {
  given(created, boardRevoked({})).when(revokeBoard, {}, admin).then();
});
