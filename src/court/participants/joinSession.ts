/** A person of the roster takes the place that the roster gives them. Joining again is a reconnection. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { ROSTER_ROLES } from '../../access/scope.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { freeObject, id } from '../../core/definitions/schemas.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { refuseCancelled, rosterEntry, theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession, withSource } from '../sessions/session.ts';
import { participantAnswer, participantResource } from '../sessions/sessionResource.ts';
import { seatUpdate, withParticipant } from './participant.ts';

export const participantJoined = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_JOINED',
  payload: z.strictObject({ participant_id: id, user_id: id, name: z.string(), role: z.enum(ROSTER_ROLES) }),
  evolve(session, event) {
    const { participant_id, user_id, name, role } = event.payload;
    const joined = withParticipant(session, user_id, {
      id: participant_id,
      user_id,
      name,
      role,
      status: 'connected',
      joined_at: event.at,
      left_at: null,
      connection_count: 1,
      unseen_since: null,
    });
    return withSource(joined, participant_id, 'name', event);
  },
  project: ({ payload }, session) => {
    const { id: participant_id, ...columns } = session.participants[payload.user_id]!;
    return [insert('session_participations', { id: participant_id }, { session_id: session.id, ...columns })];
  },
  erased: (payload) => ({ ...payload, name: '' }),
  wipes: ({ participant_id }) => [update('session_participations', { id: participant_id }, { client_info: null })],
});

export const participantReconnected = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_RECONNECTED',
  payload: z.strictObject({ participant_id: id, user_id: id, connection_count: z.int() }),
  evolve: (session, { payload: { user_id, connection_count } }) =>
    withParticipant(session, user_id, { status: 'connected', left_at: null, connection_count, unseen_since: null }),
  project: ({ payload }, session) => [seatUpdate(session, payload.user_id)],
});

const body = z.strictObject({ role: z.enum(ROSTER_ROLES), client_info: privately(freeObject(16)).optional() });

export const joinSession = defineCommand({
  name: 'session.join',
  route: 'POST /api/session/:session_id/join',
  summary: 'Take your place in the session, or come back to it',
  who: ROLES,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  decide({ session, assignment }, command) {
    const { input, actor } = command;
    if (session.status === 'completed') return reject('session_completed', 'Nobody joins a completed session.');
    const refusal = refuseCancelled(assignment);
    if (refusal) return refusal;
    const entry = rosterEntry(assignment, actor.id);
    if (entry?.role !== input.role) {
      return reject('role_not_on_roster', `The roster does not name you as ${input.role}.`);
    }
    const known = session.participants[actor.id];
    if (known) {
      const { id: participant_id, user_id, connection_count } = known;
      return [participantReconnected({ participant_id, user_id, connection_count: connection_count + 1 })];
    }
    const { user_id, name, role } = entry;
    return [participantJoined({ participant_id: command.id, user_id, name, role })];
  },
  writes({ session }, { input, actor }) {
    if (input.client_info === undefined) return [];
    return [
      update('session_participations', { id: session.participants[actor.id]!.id }, { client_info: input.client_info }),
    ];
  },
  resource: participantAnswer,
  result: ({ states }, { actor }) => participantResource(states.session.participants[actor.id]!),
  records: [participantJoined, participantReconnected],
  rejects: ['session_completed', 'assignment_cancelled', 'role_not_on_roster'],
});
