/**
 * A recess: an active session is paused, with a reason where one is given, and so is the clock of its turn. Where that
 * has run out unnoticed, it is recorded first.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { update } from '../../core/definitions/write.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseIdleModerator, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { pausedBy } from '../turns/clock.ts';
import { expiryOfActive, turnExpired } from '../turns/expireTurn.ts';
import { activeTurnUpdates } from '../turns/turn.ts';
import { sessionStream, theSession, withActiveTurn } from './session.ts';
import { sessionAnswer, sessionResult } from './sessionResource.ts';
import { refuseTransition, withStatus } from './sessionTransitions.ts';

export const sessionPaused = defineEvent({
  stream: sessionStream,
  type: 'SESSION_PAUSED',
  payload: z.strictObject({ reason: privateText.nullable() }),
  evolve: (session, { at }) => withActiveTurn(withStatus(session, 'paused'), (turn) => pausedBy(turn, 'session', at)),
  project: (_, { id, turns }) => [
    update('courtroom_sessions', { id }, { status: 'paused' }),
    ...activeTurnUpdates(turns),
  ],
});

const body = z.strictObject({ reason: privately(z.string().max(500)).optional() });

export const pauseSession = defineCommand({
  name: 'session.pause',
  route: 'POST /api/session/:session_id/pause',
  summary: 'Pause an active session',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  decide(states, { input, actor, now }) {
    const refusal =
      refuseTransition(states, ['active'], 'paused', actor) ?? refuseIdleModerator(states.assignment, actor);
    if (refusal) return refusal;
    const late = expiryOfActive(states.session, now);
    const paused = sessionPaused({ reason: input.reason ?? null });
    return late ? [turnExpired(late), paused] : [paused];
  },
  resource: sessionAnswer,
  result: sessionResult,
  records: [turnExpired, sessionPaused],
  rejects: ['invalid_transition', ...STRANGER_CODES],
});
