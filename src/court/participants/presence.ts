/**
 * What presence makes of a participant. It is judged only for people of whom a socket was seen: a participant who joined
 * over HTTP and never opened one is there until they leave. The commands are the system's; sent too late, they are refused.
 */

import { z } from 'zod';
import { id } from '../../core/definitions/schemas.ts';
import { reject } from '../problems.ts';
import type { Participant, SessionStates } from '../sessions/session.ts';
import { participantResource } from '../sessions/sessionResource.ts';

/** How long a participant is awaited after the last socket closed. */
export const AWAITED_MS = 30_000;

export interface OfParticipant {
  session_id: string;
  user_id: string;
}

/** A participant whose status in the record may not be what their sockets say. */
export type Watched = Pick<Participant, 'id' | 'status' | 'unseen_since' | 'connection_count'> & OfParticipant;

/** The input of a command about a participant. */
export const ofParticipant = z.strictObject({ session_id: id, user_id: id });

export function participantOfInput(
  { states }: { states: PresenceStates },
  { input }: { input: z.output<typeof ofParticipant> },
) {
  return participantResource(states.session.participants[input.user_id]!);
}

export type PresenceStates = Pick<SessionStates, 'session'>;

/** A participant, of now or before, of a session that is not over. */
export function findParticipant({ session }: PresenceStates, user_id: string) {
  if (session.status === 'completed') return reject('session_completed', 'The session is completed.');
  return session.participants[user_id] ?? reject('not_joined', 'They never joined this session.');
}

export const PARTICIPANT_CODES = ['session_completed', 'not_joined'] as const;

/** The command that the sockets of a participant ask for; undefined where the record says what they do. */
export function presenceCommand({ status, unseen_since }: Watched, is_present: boolean): string | undefined {
  const isAway = status === 'reconnecting' || (status === 'disconnected' && unseen_since !== null);
  if (is_present) return isAway ? 'participant.reconnect' : undefined;
  return status === 'connected' ? 'participant.await' : undefined;
}
