/**
 * The time of a turn is up: the format ends the turn, or flags it and lets the bench decide. The system says so, naming
 * the deadline it means; where that is no longer the turn's, or it was said before, nothing happens.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import { reject } from '../problems.ts';
import { type SessionState, sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { deadlineOf } from './clock.ts';
import { findActiveTurn, TURN_CODES } from './courtRefusals.ts';
import { turnOfInput } from './shownTurn.ts';
import { activeTurn, type Turn, timedOutTurn, turnOfPayload, turns, turnUpdate } from './turn.ts';

const expired = z.strictObject({ turn_id: id, deadline: z.string(), ends: z.boolean() });
type Expired = z.output<typeof expired>;

export const turnExpired = defineEvent({
  stream: sessionStream,
  type: 'TURN_EXPIRED',
  payload: expired,
  evolve: (session, { at, payload }) => withExpired(session, payload, at),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

/** What there is to record of a turn whose time is up and that nobody has flagged yet. */
export function expiry({ format }: SessionState, turn: Turn, now: string): Expired | undefined {
  const deadline = deadlineOf(turn);
  if (turn.expired_at !== null || deadline === null || now < deadline) return undefined;
  return { turn_id: turn.id, deadline, ends: format?.on_expiry === 'end' };
}

/** The same of the turn that is under way, where there is one. */
export function expiryOfActive(session: SessionState, now: string): Expired | undefined {
  const turn = activeTurn(session.turns);
  return turn && expiry(session, turn, now);
}

/** The state with that recorded. */
export function withExpired(session: SessionState, late: Expired, at: string): SessionState {
  const turn = { ...turnOfPayload(session.turns, late), expired_at: late.deadline };
  return withTurn(session, late.ends ? timedOutTurn(turn, at) : turn);
}

/**
 * What a command on a running turn records before its own events: a clock that is held has no deadline any more that
 * could be found to have passed. Where the format ends the turn there is nothing left for the command to do.
 */
export function expiryBefore(session: SessionState, turn: Turn, now: string) {
  const late = expiry(session, turn, now);
  if (late?.ends) return reject('turn_expired', 'The time of this turn is up.', { deadline: late.deadline });
  return late ? [turnExpired(late)] : [];
}

const body = z.strictObject({ session_id: id, turn_id: id, deadline: instant });

export const expireTurn = defineSystemCommand({
  name: 'turn.expire',
  summary: 'End or flag a turn whose time is up',
  body,
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  finds: [turns],
  decide({ session }, { input, now }) {
    const turn = findActiveTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const deadline = deadlineOf(turn);
    if (turn.expired_at !== null) return reject('turn_expired', 'This turn is flagged already.');
    if (deadline !== input.deadline) return reject('deadline_moved', 'The turn has another deadline.', { deadline });
    const due = expiry(session, turn, now);
    return due ? [turnExpired(due)] : reject('deadline_not_reached', `The deadline is ${deadline}.`, { deadline });
  },
  result: turnOfInput,
  records: [turnExpired],
  rejects: [...TURN_CODES, 'turn_expired', 'deadline_moved', 'deadline_not_reached'],
});
