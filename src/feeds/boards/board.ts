/**
 * A board: a link that a foyer opens without a sign-in, to follow the matches of an institution. A hash is recorded of its
 * secret. It is good until it ends or an admin revokes it, and so are the tokens that it was opened for.
 */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { at, hash, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

export interface Board {
  id: string;
  institution_id: string;
  name: string;
  secret_hash: string;
  created_at: string;
  expires_at: string;
  revoked_at: string | null;
}

export const boardStream = defineStream<Board | null>('board', { initial: () => null, apart: true });

export const boards = defineTable({
  name: 'boards',
  stream: 'board',
  owner: 'id',
  primary_key: ['id'],
  visible: 'to_institution',
  scope: ['id', 'institution_id', 'secret_hash', 'expires_at', 'revoked_at'],
});

export function theBoard(id: string): Lock<'board', Board> {
  return { kind: 'board', stream: streamName('board', id) };
}

const OWNER = { name: 'find-owner-of-board', text: 'select institution_id from boards where id = $1' };

/** The institution whose board it is; undefined where there is none that the sender may see. */
export async function ownerOf({ db, input }: { db: Queryable; input: { [field: string]: unknown } }) {
  const id = String(input.board_id);
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<{ institution_id: string }>({ ...OWNER, values: [id] });
  return rows[0]?.institution_id;
}

const FIND_OPEN = {
  name: 'find-open-board',
  text: `
    select id, institution_id, secret_hash, expires_at from boards
    where id = $1 and revoked_at is null and expires_at > clock_timestamp()`,
};

/** One that can be opened. @param db of role `door` */
export async function findOpenBoard(
  db: Queryable,
  id: string,
): Promise<Pick<Board, 'id' | 'institution_id' | 'secret_hash' | 'expires_at'> | undefined> {
  return (await db.query<Board>({ ...FIND_OPEN, values: [id] })).rows[0];
}

const facts = {
  ...{ id: uuid, institution_id: uuid, name: text, created_at: at, expires_at: at },
  revoked_at: at.nullable(),
};

const EXAMPLE_FACTS = {
  ...{ id: EXAMPLE.command_id, institution_id: EXAMPLE.institution_id, name: 'Foyer' },
  ...{ created_at: EXAMPLE.created_at, expires_at: '2026-12-23T09:58:00.000Z', revoked_at: null },
};

export const boardItem = named('Board', z.strictObject(facts), EXAMPLE_FACTS);
export const boardList = listOf('BoardList', boardItem);

/** After a command. */
export const boardAfter = named(
  'BoardAfter',
  z.strictObject({
    ...facts,
    /** To be opened by GET or POST, without a token. Its admin is told it when the board is made, and again for a day. */
    link: text.nullable(),
    /** Of the link's secret, where the link itself is not told. */
    secret_hash: hash.optional(),
  }),
  {
    ...EXAMPLE_FACTS,
    link: `https://court.example/api/board/${EXAMPLE.command_id}/open/q3Jx0m1Yc8cT6oWmZ0b7mN2uQm3b6m5pYt1fJc9Xk2A`,
  },
);

/** The result of a command. */
export const afterOf = ({ secret_hash: _, ...board }: Board) => ({ ...board, link: null });
