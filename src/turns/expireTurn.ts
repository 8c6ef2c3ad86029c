/**
 * The time of a turn is up: the format ends the turn, or flags it and lets the bench decide. The system says so, naming
 * the deadline it means; where that is no longer the turn's, or it was said before, nothing happens.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../core/command.ts';
import { defineEvent } from '../core/event.ts';
import { reject } from '../core/problem.ts';
import { id, instant } from '../core/schemas.ts';
import {
  type SessionState,
  type SessionStates,
  sessionStream,
  sessionStreamName,
  withTurn,
} from '../sessions/session.ts';
import { deadlineOf } from './clock.ts';
import { findActiveTurn, inCourt, TURN_CODES } from './inCourt.ts';
import { type Turn, timedOutTurn, turnOfInput, turnOfPayload, turnUpdate } from './turn.ts';

const expired = z.strictObject({ turn_id: id, deadline: z.string(), ends: z.boolean() });

export const turnExpired = defineEvent({
  stream: sessionStream,
  type: 'TURN_EXPIRED',
  payload: expired,
  evolve(session, { at, payload }) {
    const turn = { ...turnOfPayload(session.turns, payload), expired_at: payload.deadline };
    return withTurn(session, payload.ends ? timedOutTurn(turn, at) : turn);
  },
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

/** What there is to record of a turn whose time is up and that nobody has flagged yet. */
export function expiry({ format }: SessionState, turn: Turn, now: string): z.output<typeof expired> | undefined {
  const deadline = deadlineOf(turn);
  if (turn.expired_at !== null || deadline === null || now < deadline) return undefined;
  return { turn_id: turn.id, deadline, ends: format?.on_expiry === 'end' };
}

const body = z.strictObject({ session_id: id, turn_id: id, deadline: instant });

export const expireTurn = defineSystemCommand<z.output<typeof body>, Pick<SessionStates, 'session'>>({
  name: 'turn.expire',
  summary: 'End or flag a turn whose time is up',
  body,
  target: inCourt.target,
  streams: ({ input }) => [sessionStreamName(input.session_id)],
  decide({ session }, { input, now }) {
    const turn = findActiveTurn(session, input.turn_id);
    if ('rejected' in turn) return turn;
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
