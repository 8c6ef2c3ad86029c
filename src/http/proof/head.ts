/** `GET /api/session/<id>/head`: where the session stands, signed, for readers who keep it. */
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { HeadNote } from '../../core/proof/headNote.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { sendNote } from './anybody.ts';

const HEAD = `
  select stream, sequence, encode(event_hash, 'hex') as event_hash,
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
  from streams where stream = $1`;

export const readHead = defineRoute({
  name: 'session.head',
  route: 'GET /api/session/:session_id/head',
  summary: 'Where the session stands, as a note signed by the head key',
  roles: 'anyone',
  media_type: 'text/plain',
  rejects: ['unavailable'],
  serve: serveHead,
});

function serveHead(context: ApiContext): Serve {
  async function answer(req: Request, res: Response, actor: Actor): Promise<void> {
    const session_id = String(req.params.session_id).toLowerCase();
    await context.scopes.demand({ kind: 'session', id: session_id }, actor);
    const { rows } = await context.reading.inScope(actor, session_id, (db) =>
      db.query<HeadNote>(HEAD, [sessionStreamName(session_id)]),
    );
    if (!rows[0]) throw new Problem('not_found');
    const { at, ...head } = rows[0];
    const note = await context.heads.sign(head, new Date(at));
    if (note === undefined) throw new Problem('unavailable', 'This server has no key to sign heads with yet.');
    sendNote(res.set('Cache-Control', 'no-store'), note);
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, readHead);
    await (actor ? answer(req, res, actor) : withoutToken(() => answer(req, res, anonymousReader(req))));
  };
}
