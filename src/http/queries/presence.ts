/**
 * `GET /api/session/<id>/presence`: how many listen, as the relays say it, and how the participants stand, as the record
 * has it. Where the relays cannot be asked, as without a Redis that answers, `listeners` is null and the rest is true.
 */

import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { at, count, named } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import { readAttending } from '../../court/participants/readPresence.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { SERVER_TIME } from '../../court/turns/readTurns.ts';
import type { Reports } from '../../infra/reports/reports.ts';
import { presence } from '../../live/snapshot.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';

/** `listeners` is null where the relays cannot be asked. */
const presenceAnswer = named('Presence', presence.extend({ listeners: count.nullable(), as_of: at }), {
  listeners: 41,
  participants: [{ user_id: EXAMPLE.petitioner.user_id, status: 'connected' }],
  as_of: EXAMPLE.now,
});

export const readPresence = defineRoute({
  name: 'session.presence',
  route: 'GET /api/session/:session_id/presence',
  summary: 'How many listen, and which participants are connected',
  roles: 'anyone',
  answer: presenceAnswer,
  rejects: [],
  serve: servePresence,
});

function servePresence(context: ApiContext): Serve {
  async function answer(req: Request, res: Response, actor: Actor): Promise<void> {
    const session_id = String(req.params.session_id).toLowerCase();
    await context.scopes.demand({ kind: 'session', id: session_id }, actor);
    const [listeners, recorded] = await Promise.all([
      countListeners(context.reports, session_id),
      context.reading.inScope(actor, session_id, (db) => readRecorded(db, session_id)),
    ]);
    res.set('Cache-Control', 'no-store').json({ listeners, ...recorded });
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, readPresence);
    await (actor ? answer(req, res, actor) : withoutToken(() => answer(req, res, anonymousReader(req))));
  };
}

async function countListeners(reports: Reports, session_id: string): Promise<number | null> {
  try {
    const [tally] = await reports.tallies([session_id]);
    return tally!.listeners;
  } catch {
    return null;
  }
}

async function readRecorded(db: Queryable, session_id: string) {
  const attending = await readAttending(db, [session_id]);
  const text = `select ${SERVER_TIME} as as_of from streams h where h.stream = $1`;
  const { rows } = await db.query<{ as_of: string }>(text, [sessionStreamName(session_id)]);
  // The scope that was kept at the door was one of before.
  if (!rows[0]) throw new Problem('not_found');
  return { participants: attending.get(session_id)!, as_of: rows[0].as_of };
}
