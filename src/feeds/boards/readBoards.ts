/** Reading boards: one, and those of an institution, the newest first. Of their links nothing is told. */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { pageOf, pageQuery, withinPage } from '../../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { instant, id as uuid } from '../../core/definitions/schemas.ts';
import { boardItem, boardList } from './board.ts';

type Item = z.output<typeof boardItem>;

/** Row security leaves those of the reader's institution. */
const BOARDS = 'select id, institution_id, name, created_at, expires_at, revoked_at from boards';

export const readBoard = defineQuery({
  name: 'board.get',
  route: 'GET /api/board/:board_id',
  summary: 'One board: how long it is good for, and whether it was revoked',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  answer: boardItem,
  async read({ db, params: { board_id } }) {
    if (!isUuid(board_id)) return undefined;
    return (await db.query<Item>({ name: 'read-board', text: `${BOARDS} where id = $1`, values: [board_id] })).rows[0];
  },
});

export const readBoards = defineQuery({
  name: 'board.list',
  route: 'GET /api/board/list',
  summary: 'Boards of your institution, the newest first',
  roles: ADMINS,
  query: z.strictObject(pageQuery([instant, uuid])),
  target: () => null,
  answer: boardList,
  async read({ db, actor, query }) {
    const [time = null, id = null] = query.cursor ?? [];
    // Beside row security, so that an index leads to the own ones.
    const own = actor.role === 'super_admin' ? '$4::uuid is null' : 'institution_id = $4';
    const { rows } = await db.query<Item>(
      withinPage(`
        ${BOARDS} where ${own} and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
        order by created_at desc, id desc limit $3`),
      [time, id, query.limit + 1, actor.role === 'super_admin' ? null : actor.institution_id],
    );
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [row.created_at, row.id],
    );
  },
});
