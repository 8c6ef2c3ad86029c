/**
 * The link of a board, opened by GET or POST: it answers a token that is good where boards may ask, and on the sockets of
 * feeds. A link that is no good, of whatever reason, is answered like a token that is none.
 */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { at, named, text } from '../../core/definitions/answers.ts';
import { findOpenBoard } from '../../feeds/boards/board.ts';
import { isSecretOf } from '../../infra/linkSecrets.ts';
import { tokenMissing } from '../door/authentication.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

/** The keys that sign it are replaced each day: it ends before they are gone. */
const LIFE_MS = 12 * 3_600_000;

const boardToken = named(
  'BoardToken',
  z.strictObject({
    /** Reads matches (`Authorization: Bearer`) and follows them on `/feeds`; the link answers another one at any time. */
    token: text,
    expires_at: at,
  }),
  { token: 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYm9hcmQifQ.c2lnbmF0dXJl', expires_at: '2026-09-24T22:11:12.000Z' },
);

const parts = {
  summary: 'Open the link of a board: answers a token that reads matches, good for 12 hours',
  roles: 'anyone',
  answer: boardToken,
  rejects: [],
} as const;

export const openBoard: RouteDefinition = defineRoute({
  ...{ name: 'board.open', route: 'GET /api/board/:board_id/open/:secret', ...parts },
  serve: (context) => serveOpenBoard(context, openBoard),
});

export const openBoardByPost: RouteDefinition = defineRoute({
  ...{ name: 'board.openByPost', route: 'POST /api/board/:board_id/open/:secret', ...parts },
  serve: (context) => serveOpenBoard(context, openBoardByPost),
});

function serveOpenBoard(context: ApiContext, definition: RouteDefinition): Serve {
  const { door, tokens } = context;
  return async (req, res) => {
    await enter(context, req, res, definition);
    const id = String(req.params.board_id).toLowerCase();
    const board = isUuid(id) ? await findOpenBoard(door, id) : undefined;
    if (!board || !isSecretOf(String(req.params.secret), board.secret_hash)) throw tokenMissing();
    const end_ms = Math.min(Date.now() + LIFE_MS, Date.parse(board.expires_at));
    const expires_at = new Date(Math.floor(end_ms / 1_000) * 1_000).toISOString();
    const token = tokens.issueBoard({ board_id: board.id, institution_id: board.institution_id, expires_at });
    res.set('Cache-Control', 'no-store').json({ token, expires_at });
  };
}
