/** A session, and a participant of it, as every answer shows them. */
import { z } from 'zod';
import { ROSTER_ROLES, VISIBILITIES, type Visibility } from '../../access/scope.ts';
import { at, count, hash, listOf, named, position, text, uuid } from '../../core/definitions/answers.ts';
import type { Head } from '../../core/definitions/stream.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { clockAnswer, shownClock, shownTurn, turnAnswer } from '../turns/shownTurn.ts';
import { activeTurn, type Turn } from '../turns/turn.ts';
import { type Participant, SEAT_STATES, SESSION_STATES, type Session, type SessionState } from './session.ts';

export const sessionAnswer = named(
  'Session',
  z.strictObject({
    id: uuid,
    assignment_id: uuid,
    institution_id: uuid,
    title: text,
    courtroom: text,
    visibility: z.enum(VISIBILITIES),
    status: z.enum(SESSION_STATES),
    created_at: at,
    started_at: at.nullable(),
    ended_at: at.nullable(),
    recording_url: text.nullable(),
    metadata: z.record(z.string(), z.unknown()),
    integrity_hash: hash.nullable(),
    integrity_last_checked_at: at.nullable(),
    participants_count: count,
    head: position,
    turn: turnAnswer.nullable(),
    clock: clockAnswer.nullable(),
  }),
  {
    ...{ id: EXAMPLE.session_id, assignment_id: EXAMPLE.assignment_id, institution_id: EXAMPLE.institution_id },
    ...{ title: 'Meridian v. Harbour Authority', courtroom: 'Courtroom 1', visibility: 'public', status: 'active' },
    ...{ created_at: EXAMPLE.created_at, started_at: EXAMPLE.started_at, ended_at: null, recording_url: null },
    ...{ metadata: {}, integrity_hash: null, integrity_last_checked_at: null, participants_count: 1 },
    ...{ head: EXAMPLE.head, turn: null, clock: null },
  },
);
export const sessionList = listOf('SessionList', sessionAnswer);

export const participantAnswer = named(
  'Participant',
  z.strictObject({
    id: uuid,
    user_id: uuid,
    name: text,
    role: z.enum(ROSTER_ROLES),
    status: z.enum(SEAT_STATES),
    joined_at: at,
    left_at: at.nullable(),
    connection_count: count,
  }),
  {
    ...{ id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e15', ...EXAMPLE.petitioner, role: 'petitioner', status: 'connected' },
    ...{ joined_at: '2026-09-24T10:00:05.120Z', left_at: null, connection_count: 1 },
  },
);
export type ParticipantAnswer = z.output<typeof participantAnswer>;
export const participantList = listOf('ParticipantList', participantAnswer);

export function participantResource({ unseen_since: _, ...participant }: Participant): ParticipantAnswer {
  return participant;
}

/** What is shown with a session and does not stand in its row. */
export interface BesideSession {
  participants_count: number;
  /** When its record as it stands was last verified; null when it was not, as right after every event. */
  checked_at: string | null;
  /** The active one. */
  turn: Turn | undefined;
  /** The instant of the database's clock for which the turn's clock is told. */
  server_time: string;
}

/** The session as every answer shows it. */
export function sessionResource(
  session: Session,
  head: Head,
  { participants_count, checked_at, turn, server_time }: BesideSession,
): z.output<typeof sessionAnswer> {
  const { id, assignment_id, institution_id, title, courtroom, visibility, status } = session;
  const { created_at, started_at, ended_at, recording_url, metadata, integrity_hash } = session;
  return {
    id,
    assignment_id,
    institution_id,
    title,
    courtroom,
    visibility: visibility as Visibility,
    status,
    created_at,
    started_at,
    ended_at,
    recording_url,
    metadata,
    integrity_hash,
    integrity_last_checked_at: checked_at,
    participants_count,
    head: { event_sequence: head.sequence, event_hash: head.event_hash },
    turn: turn ? shownTurn(turn) : null,
    clock: shownClock(turn, session.format, server_time),
  };
}

export function sessionResult({
  states,
  heads,
}: {
  states: { session: SessionState };
  heads: { [kind: string]: Head };
}) {
  const { session } = states;
  const head = heads.session!;
  return sessionResource(session, head, {
    participants_count: Object.keys(session.participants).length,
    checked_at: null,
    turn: activeTurn(session.turns),
    server_time: head.occurred_at!,
  });
}
