/** A session, and a participant of it, as every answer shows them. */
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Head } from '../../core/definitions/stream.ts';
import { activeTurn, shownClock, shownTurn, type Turn } from '../turns/turn.ts';
import type { Participant, Session, SessionState } from './session.ts';

export function participantResource({ unseen_since: _, ...participant }: Participant) {
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
): JsonObject & { id: string } {
  const { id, assignment_id, institution_id, title, courtroom, visibility, status } = session;
  const { created_at, started_at, ended_at, recording_url, metadata, integrity_hash } = session;
  return {
    id,
    assignment_id,
    institution_id,
    title,
    courtroom,
    visibility,
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
