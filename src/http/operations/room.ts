/**
 * `GET /ops/rooms/<session_id>`: how far the room is and what it keeps ready, at the relay that is furthest, and how far
 * behind its listeners are, at all relays: at most two hundred, those that lag most.
 */

import type { JsonObject } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { askForRoom, MOST_LISTENERS, type RoomView } from '../../infra/reports/roomViews.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { roomAnswer } from './operationAnswers.ts';
import { demandRelays } from './sockets.ts';

const OPERATORS = ['super_admin'] as const;
const HEAD = `select sequence as event_sequence, encode(event_hash, 'hex') as event_hash from streams where stream = $1`;

export const readRoom = defineRoute({
  name: 'ops.room',
  route: 'GET /ops/rooms/:session_id',
  summary: 'A room at all relays: its head, what it keeps ready, and how far behind its listeners are',
  roles: OPERATORS,
  answer: roomAnswer,
  rejects: ['unavailable'],
  serve: serveRoom,
});

function serveRoom(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readRoom))!;
    demandRole(actor, OPERATORS);
    const session_id = String(req.params.session_id).toLowerCase();
    await context.scopes.demand({ kind: 'session', id: session_id }, actor);
    const views = await demandRelays(() => askForRoom(context.broadcast, context.reports, session_id));
    const readHead = (db: Queryable) => db.query<RoomView['head']>(HEAD, [sessionStreamName(session_id)]);
    const recorded = await context.reading.inScope(actor, session_id, readHead);
    res.set('Cache-Control', 'no-store').json(roomOf(views, recorded.rows[0]!));
  };
}

/** Where no relay has it, the head is the record's, and nothing is kept. */
function roomOf(views: RoomView[], recorded: RoomView['head']): JsonObject {
  const [furthest] = views.toSorted((one, other) => other.head.event_sequence - one.head.event_sequence);
  const listeners = views.flatMap((view) => view.listeners).sort((one, other) => other.lag - one.lag);
  const { head, ring } = furthest ?? { head: recorded, ring: null };
  return { head, ring, listeners: listeners.slice(0, MOST_LISTENERS) };
}
