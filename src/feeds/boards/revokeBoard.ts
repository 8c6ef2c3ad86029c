/** An admin revokes a board: its link opens nothing any more, and the tokens that it was opened for end within a second. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { afterOf, boardAfter, boardStream, ownerOf, theBoard } from './board.ts';

/** No token of a board is good for so long. */
const KEPT_MS = 2 * 24 * 3_600_000;

export const boardRevoked = defineEvent({
  stream: boardStream,
  type: 'PROCEDURAL_BOARD_REVOKED',
  payload: z.strictObject({}),
  evolve: (board, { at }) => ({ ...board!, revoked_at: at }),
  project: ({ at }, board) => [update('boards', { id: board!.id }, { revoked_at: at })],
});

export const revokeBoard = defineOwnedCommand({
  name: 'board.revoke',
  route: 'POST /api/board/:board_id/revoke',
  summary: 'Revoke the link of a board; what was opened by it closes within a second',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  locks: ({ board_id }) => [theBoard(board_id)],
  decide: ({ board }) => (board.revoked_at === null ? [boardRevoked({})] : []),
  // Its tokens bear its id as their `sid`.
  writes: ({ board }, { id, actor, now }) => [
    insert(
      'revocations',
      { id, claim: 'sid' },
      {
        ...{ value: board.id, institution_id: board.institution_id, revoked_at: now, revoked_by: actor.id },
        kept_until: new Date(Date.parse(now) + KEPT_MS).toISOString(),
      },
    ),
  ],
  resource: boardAfter,
  result: ({ states: { board } }) => afterOf(board),
  records: [boardRevoked],
  rejects: [],
});
