/** What an objection does to its turn, and how it is shown and found. */

import type { Write } from '../../core/definitions/write.ts';
import { reject } from '../problems.ts';
import { type SessionState, withTurn } from '../sessions/session.ts';
import { type Clock, clockAt, resumedFrom } from '../turns/clock.ts';
import { type Turn, turnOfPayload, turnUpdate } from '../turns/turn.ts';
import { type Objection, objectionResource, objectionUpdate } from './objection.ts';

/** The state with the clock of this turn stopped or going on. */
export function withClock(session: SessionState, turn_id: string, change: (turn: Turn) => Turn): SessionState {
  return withTurn(session, change(turnOfPayload(session.turns, { turn_id })));
}

/** The state with the objection changed; where the clock waited for it, it goes on unless something else holds it. */
export function withDecision(
  session: SessionState,
  objection_id: string,
  changes: Partial<Objection>,
  at: string,
): SessionState {
  const before = objectionOf(session, objection_id);
  const objections = session.objections.map((one) => (one.id === objection_id ? { ...one, ...changes } : one));
  return withClock({ ...session, objections }, before.turn_id, (turn) => letGo(turn, before, at));
}

/** A reserved objection holds nothing: what holds the clock then is another, raised since. */
function letGo(turn: Turn, { state }: Objection, at: string): Turn {
  return state === 'pending' ? resumedFrom(turn, 'objection', at) : turn;
}

/** The turn's clock once the objection no longer holds it; null where the turn is over. */
export function clockWithout(session: SessionState, objection: Objection, at: string): Clock | null {
  const turn = turnOfPayload(session.turns, objection);
  return turn.state === 'active' ? clockAt(letGo(turn, objection, at), at) : null;
}

export function decisionWrites(session: SessionState, objection_id: string): Write[] {
  const objection = objectionOf(session, objection_id);
  return [objectionUpdate(objection), turnUpdate(turnOfPayload(session.turns, objection))];
}

/** The objection of that id. The door lets no unknown id in; a row that the chain does not know is no objection. */
export function findObjection({ objections }: SessionState, objection_id: string) {
  return objections.find(({ id }) => id === objection_id) ?? reject('not_found', 'The session has no such objection.');
}

export function objectionResult(session: SessionState, objection_id: string) {
  return objectionResource(objectionOf(session, objection_id));
}

/** @throws when there is none: `decide` has made sure of it */
export function objectionOf({ objections }: SessionState, objection_id: string): Objection {
  const objection = objections.find(({ id }) => id === objection_id);
  if (!objection) throw new Error(`no objection ${objection_id}`);
  return objection;
}
