/** An admin makes a link for a foyer, which is opened without a sign-in. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import type { FactSource, InputError } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id, line } from '../../core/definitions/schemas.ts';
import { idOf } from '../../core/definitions/stream.ts';
import { insert } from '../../core/definitions/write.ts';
import { reject } from '../feedProblems.ts';
import { afterOf, boardAfter, boardStream, theBoard } from './board.ts';

/** Longer than any tournament and its preparation. */
const USUAL_DAYS = 90;
const MOST_DAYS = 366;
const DAY_MS = 24 * 3_600_000;

export const boardCreated = defineEvent({
  stream: boardStream,
  type: 'PROCEDURAL_BOARD_CREATED',
  payload: z.strictObject({ institution_id: id, name: z.string(), secret_hash: z.string(), expires_at: z.string() }),
  evolve: (_, { stream, at, payload }) => ({ ...payload, id: idOf(stream), created_at: at, revoked_at: null }),
  project(_, board) {
    const { id, ...rest } = board!;
    return [insert('boards', { id }, rest)];
  },
});

const body = z.strictObject({
  institution_id: id.optional(),
  name: line.default('Board'),
  /** How long the link is good for. */
  days: z.int().min(1).max(MOST_DAYS).default(USUAL_DAYS),
});

/** As the door has added it. */
const hashIn = (input: object) => (input as { secret_hash: string }).secret_hash;

function faultsOf({ institution_id }: { institution_id?: string | undefined }, { role }: Actor): InputError[] {
  const isHomeless = role === 'super_admin' && institution_id === undefined;
  return isHomeless ? [{ pointer: '/institution_id', detail: 'a super_admin names the institution' }] : [];
}

/** Of an institution, open. What is asked for at the same moment may come to a few more. */
const MOST_OPEN = 200;

/** How many its institution has; no more are counted than it may have. */
const openBoards: FactSource<unknown, number> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<{ key: string; count: number }>(
      `select c.id as key, (select count(*)::integer from (
         select from boards b
         where b.institution_id = coalesce((c.input ->> 'institution_id')::uuid, c.actor_institution_id)
           and b.revoked_at is null and b.expires_at > clock_timestamp() limit ${MOST_OPEN}) open) as count
       from commands c where c.id = any($1)`,
      [command_ids],
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  },
};

export const createBoard = defineCommand({
  name: 'board.create',
  route: 'POST /api/board/create',
  summary:
    'Make a link for a foyer, opened without a sign-in: it shows what is public and what your institution may see',
  who: ADMINS,
  body,
  example: { name: 'Foyer' },
  creates: '/api/board',
  secret: true,
  faults: faultsOf,
  admits: (actor, _, { institution_id }) =>
    actor.role === 'super_admin' || institution_id === undefined || institution_id === actor.institution_id,
  locks: (_, __, id) => [theBoard(id)],
  facts: openBoards,
  decide(_, { input, actor, now }, count = 0) {
    if (count >= MOST_OPEN) return reject('too_many_boards', `It has ${count} open boards, and may have no more.`);
    const { name, days } = input;
    const institution_id = input.institution_id ?? actor.institution_id!;
    const expires_at = new Date(Date.parse(now) + days * DAY_MS).toISOString();
    return [boardCreated({ institution_id, name, secret_hash: hashIn(input), expires_at })];
  },
  resource: boardAfter,
  result: ({ states: { board } }) => ({ ...afterOf(board), secret_hash: board.secret_hash }),
  /** Of the result and not of the input: a repetition has an input of its own. */
  answer({ secret_hash, ...result }, { id }, _, issueLink) {
    const path = (secret: string) => `/api/board/${id}/open/${secret}`;
    return { ...result, link: issueLink({ id, secret_hash: String(secret_hash), path }) };
  },
  keeps: ({ days }) => ({ days }),
  records: [boardCreated],
  rejects: ['too_many_boards'],
});
