/**
 * How a session moves from one status to the next, who may move it, and what ends with it.
 *
 *               start            pause
 *   pending ───────────▶ active ◀──────▶ paused
 *                          │     resume    │
 *                          └───────┬───────┘
 *                                  ▼ complete, lapse
 *                              completed
 */
import type { Actor } from '../../core/definitions/actor.ts';
import { update, type Write } from '../../core/definitions/write.ts';
import { refuseOutsider } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import { endedTurn } from '../turns/turn.ts';
import type { Participant, Session, SessionState, SessionStates, SessionStatus } from './session.ts';

const TRANSITIONS: Record<SessionStatus, readonly SessionStatus[]> = {
  pending: ['active'],
  active: ['paused', 'completed'],
  paused: ['active', 'completed'],
  completed: [],
};

/** The refusal of a change of state, or of a judge who does not sit on the panel; undefined when it may happen. */
export function refuseTransition(
  { session, assignment }: SessionStates,
  from: SessionStatus[],
  to: SessionStatus,
  actor: Actor,
) {
  return refuseChange(session, from, to) ?? refuseOutsider(assignment, actor);
}

/** The refusal of a change of state, for the system's own commands too. */
export function refuseChange({ status }: SessionState, from: SessionStatus[], to: SessionStatus) {
  if (from.includes(status) && TRANSITIONS[status].includes(to)) return undefined;
  return reject('invalid_transition', `A session that is ${status} cannot become ${to} this way.`, {
    from: status,
    to,
  });
}

/** The state with another status, and what changes with it. */
export function withStatus(session: SessionState, status: SessionStatus, changes: Partial<Session> = {}): SessionState {
  return { ...session, ...changes, status };
}

/**
 * The state when the session ends: all who were still in the room leave with it. A session that people complete has
 * nothing open; one that lapses may have: its turn ends then, and a pending objection stays unruled. A tendered exhibit
 * stays unruled in both.
 */
export function closed(session: SessionState, ended_at: string, recording_url: string | null): SessionState {
  return {
    ...emptied(session, ended_at),
    status: 'completed',
    ended_at,
    recording_url,
    turns: session.turns.map((turn) => (turn.state === 'active' ? endedTurn(turn, ended_at) : turn)),
    objections: session.objections.map((one) => (one.state === 'pending' ? { ...one, state: 'unruled' } : one)),
    exhibits: session.exhibits.map((one) => (one.state === 'tendered' ? { ...one, state: 'unruled' } : one)),
  };
}

/** The state without anybody in the room: all who were still in leave now, and no socket brings one back. */
export function emptied(session: SessionState, at: string): SessionState {
  const leave = ({ left_at, ...one }: Participant): Participant => ({
    ...one,
    status: 'disconnected',
    left_at: one.status === 'disconnected' ? left_at : at,
    unseen_since: null,
  });
  const participants = Object.entries(session.participants).map(([user, one]) => [user, leave(one)]);
  return { ...session, participants: Object.fromEntries(participants) as SessionState['participants'] };
}

/** The row updates of `emptied`. */
export function emptiedUpdates({ participants }: SessionState): Write[] {
  return Object.values(participants).map(({ id, status, left_at, unseen_since }) =>
    update('session_participations', { id }, { status, left_at, unseen_since }),
  );
}
