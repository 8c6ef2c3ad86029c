/**
 * The session ends for good. Its last event states how many events there are and a digest of the final state, and that
 * event's hash is the session's integrity hash: one value that commits to everything that happened.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { update } from '../../core/definitions/write.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { exhibitUpdate } from '../exhibits/exhibit.ts';
import { objectionUpdate, pendingObjection } from '../objections/objection.ts';
import { reject } from '../problems.ts';
import { recordingAddress } from '../recordings/recordingUrl.ts';
import { OFFICIALS } from '../roles.ts';
import { activeTurn, turnUpdate } from '../turns/turn.ts';
import { type SessionState, sessionStream, theSession } from './session.ts';
import { DIGEST_VERSION, stateDigest } from './sessionDigest.ts';
import { sessionAnswer, sessionResult } from './sessionResource.ts';
import { closed, emptiedUpdates, refuseTransition } from './sessionTransitions.ts';

export const sessionCompleted = defineEvent({
  stream: sessionStream,
  type: 'SESSION_COMPLETED',
  payload: z.strictObject({
    event_count: z.int(),
    state_digest: z.string(),
    /** Absent where it is 1. */
    digest_version: z.int().exactOptional(),
    recording_url: z.string().nullable(),
  }),
  evolve: (session, { at, payload, event_hash }) => ({
    ...closed(session, at, payload.recording_url),
    integrity_hash: event_hash,
  }),
  project: ({ at, payload, event_hash }, session) => [
    update(
      'courtroom_sessions',
      { id: session.id },
      { status: 'completed', ended_at: at, recording_url: payload.recording_url, integrity_hash: event_hash },
    ),
    ...emptiedUpdates(session),
    ...session.turns.filter(({ ended_at }) => ended_at === at).map(turnUpdate),
    ...session.objections.filter(({ state }) => state === 'unruled').map(objectionUpdate),
    ...session.exhibits.filter(({ state }) => state === 'unruled').map(exhibitUpdate),
  ],
});

/** Nothing is sealed that waits for a speaker, or for a ruling. */
function refuseOpen({ turns, objections }: SessionState) {
  const turn_id = activeTurn(turns)?.id ?? null;
  const objection_id = pendingObjection(objections)?.id ?? null;
  if (turn_id !== null) return reject('turn_active', 'A turn is under way: end it first.', { turn_id, objection_id });
  if (objection_id === null) return undefined;
  return reject('objection_pending', 'An objection waits for its ruling.', { turn_id, objection_id });
}

/**
 * One call ends a session for good: where the round has begun, turns that nobody held are told first. A rebuttal that
 * was never reserved has no time to speak in, and is none of them.
 */
function refuseUnspoken({ turns }: SessionState) {
  if (!turns.some(({ state }) => state === 'ended')) return undefined;
  const unspoken = turns.filter(({ state, allotted_ms }) => state === 'planned' && allotted_ms > 0);
  if (unspoken.length === 0) return undefined;
  const named = unspoken.map(({ id, order_index, side, kind }) => ({ id, order_index, side, kind }));
  return reject('turns_unspoken', 'Turns are left unspoken: say skip_turns to end without them.', { turns: named });
}

const MAX_URL = 500;

const body = z.strictObject({
  recording_url: recordingAddress(MAX_URL).optional(),
  /** Ends the session although turns are left unspoken. */
  skip_turns: z.boolean().default(false),
});

export const completeSession = defineCommand({
  name: 'session.complete',
  route: 'POST /api/session/:session_id/complete',
  summary: 'Complete a session for good and seal it with its integrity hash',
  who: OFFICIALS,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  features: ({ recording_url }) => (recording_url === undefined ? [] : ['FEATURE_SESSION_RECORDING']),
  decide(states, { input, actor, now, heads }) {
    const refusal = refuseTransition(states, ['active', 'paused'], 'completed', actor) ?? refuseOpen(states.session);
    if (refusal) return refusal;
    const unspoken = input.skip_turns ? undefined : refuseUnspoken(states.session);
    if (unspoken) return unspoken;
    const recording_url = input.recording_url ?? null;
    const event_count = heads.session!.sequence + 1;
    const state_digest = stateDigest(closed(states.session, now, recording_url));
    return [sessionCompleted({ event_count, state_digest, digest_version: DIGEST_VERSION, recording_url })];
  },
  resource: sessionAnswer,
  result: sessionResult,
  records: [sessionCompleted],
  rejects: ['invalid_transition', 'not_on_panel', 'turn_active', 'objection_pending', 'turns_unspoken'],
});
