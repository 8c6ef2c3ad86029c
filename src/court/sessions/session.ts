/** A courtroom session: its states and what its events fold into. A session's record stands on a stream of its own. */

import canonicalize from 'canonicalize';
import type { RosterRole } from '../../access/scope.ts';
import { mayOfficiate, type Scope } from '../../access/scope.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import { type Actor, OFFICIALS } from '../../core/definitions/actor.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Rejection, reject } from '../../core/definitions/problem.ts';
import { type Head, type StreamKind, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { update, type Write } from '../../core/definitions/write.ts';
import { type AssignmentState, assignmentStreamName, rosterEntry } from '../assignments/assignment.ts';
import type { Exhibit } from '../exhibits/exhibit.ts';
import type { Format } from '../formats/format.ts';
import type { Objection } from '../objections/objection.ts';
import { activeTurn, endedTurn, shownClock, shownTurn, type Turn } from '../turns/turn.ts';
import type { Violation } from '../violations/violation.ts';

export type SessionStatus = 'pending' | 'active' | 'paused' | 'completed';

export interface Participant {
  id: string;
  user_id: string;
  name: string;
  role: RosterRole;
  status: 'connected' | 'reconnecting' | 'disconnected';
  joined_at: string;
  left_at: string | null;
  connection_count: number;
  /** Since when no socket of theirs was seen, where it is the system that waits for them or gave them up. */
  unseen_since: string | null;
}

/** A participant as every answer shows them. */
export function participantResource({ unseen_since: _, ...participant }: Participant) {
  return participant;
}

export interface Session {
  id: string;
  assignment_id: string;
  institution_id: string;
  title: string;
  courtroom: string;
  visibility: string;
  status: SessionStatus;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  recording_url: string | null;
  metadata: JsonObject;
  integrity_hash: string | null;
  /** Frozen when it starts; null until then. */
  format: Format | null;
}

export interface SessionState extends Session {
  /** By user, in order of joining. */
  participants: { readonly [user_id: string]: Participant };
  /** In the order in which they were planned. */
  turns: readonly Turn[];
  /** In the order in which they were raised, and recorded. */
  objections: readonly Objection[];
  violations: readonly Violation[];
  /** In the order in which they were uploaded. */
  exhibits: readonly Exhibit[];
}

/** What the commands of a session see: its own state and its assignment's. */
export interface SessionStates {
  session: SessionState;
  assignment: AssignmentState;
}

export const sessionStream: StreamKind<SessionState> = {
  kind: 'session',
  initial: (id) => ({
    id,
    assignment_id: '',
    institution_id: '',
    title: '',
    courtroom: '',
    visibility: 'private',
    status: 'pending',
    created_at: '',
    started_at: null,
    ended_at: null,
    recording_url: null,
    metadata: {},
    integrity_hash: null,
    format: null,
    participants: {},
    turns: [],
    objections: [],
    violations: [],
    exhibits: [],
  }),
};

export const sessions = defineTable({
  name: 'courtroom_sessions',
  stream: 'session',
  owner: 'id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: 'in_scope',
  scope: ['id', 'assignment_id'],
});

export function sessionStreamName(id: string): string {
  return streamName(sessionStream.kind, id);
}

const TRANSITIONS: Record<SessionStatus, readonly SessionStatus[]> = {
  pending: ['active'],
  active: ['paused', 'completed'],
  paused: ['active', 'completed'],
  completed: [],
};

/** What the commands of officials on a session have in common. */
export const officially = {
  roles: OFFICIALS,
  target: ({ session_id }: { session_id: string }) => ({ kind: 'session' as const, id: session_id }),
  admits: (actor: Actor, scope: Scope) => mayOfficiate(actor, scope),
  streams: ({ input }: { input: { session_id: string } }, scope: Scope) => [
    sessionStreamName(input.session_id),
    assignmentStreamName(scope.assignment_id),
  ],
};

/** The refusal of a change of state, or of a judge who does not sit on the panel; undefined when it may happen. */
export function refuseTransition(
  { session, assignment }: SessionStates,
  from: SessionStatus[],
  to: SessionStatus,
  actor: Actor,
): Rejection | undefined {
  return refuseChange(session, from, to) ?? refuseOutsider(assignment, actor);
}

/** The refusal of a change of state, whoever asks for it. */
export function refuseChange(
  { status }: SessionState,
  from: SessionStatus[],
  to: SessionStatus,
): Rejection | undefined {
  if (from.includes(status) && TRANSITIONS[status].includes(to)) return undefined;
  return reject('invalid_transition', `A session that is ${status} cannot become ${to} this way.`, {
    from: status,
    to,
  });
}

/** A judge acts only where the panel names the judge. */
export function refuseOutsider(assignment: AssignmentState, actor: Actor): Rejection | undefined {
  if (actor.role !== 'judge' || rosterEntry(assignment, actor.id)?.role === 'judge') return undefined;
  return reject('not_on_panel', 'The panel of this session does not name you.');
}

/** The state with another status, and what changes with it. */
export function withStatus(session: SessionState, status: SessionStatus, changes: Partial<Session> = {}): SessionState {
  return { ...session, ...changes, status };
}

/** The state with this turn put in the place of the one of its id. */
export function withTurn(session: SessionState, turn: Turn): SessionState {
  return { ...session, turns: session.turns.map((one) => (one.id === turn.id ? turn : one)) };
}

/** The state with its active turn changed, where there is one. */
export function withActiveTurn(session: SessionState, change: (turn: Turn) => Turn): SessionState {
  const turn = activeTurn(session.turns);
  return turn ? withTurn(session, change(turn)) : session;
}

/**
 * The state when the session ends: whoever was still in the room leaves with it. A session that people complete has
 * nothing open; one that is ended for them may have: the turn ends then, and a pending objection stays unruled. So does
 * an exhibit that was tendered, whoever completes.
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

/** The state when everybody leaves who was still in the room, and nobody is brought back by a socket. */
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

/** What that writes. */
export function emptiedUpdates({ participants }: SessionState): Write[] {
  return Object.values(participants).map(({ id, status, left_at, unseen_since }) =>
    update('session_participations', { id }, { status, left_at, unseen_since }),
  );
}

/**
 * SHA-256 of the RFC 8785 form of the final state, without the integrity hash that depends on it. docs/record.md
 * Sessions from before there were formats, or exhibits, were sealed without what came with them.
 */
export function stateDigest({ integrity_hash: _, participants, exhibits, ...session }: SessionState): string {
  const { format, turns, objections, violations, ...older } = session;
  const isOlder = format === null && turns.length + objections.length + violations.length === 0;
  const shown = { ...(isOlder ? older : session), ...(exhibits.length > 0 && { exhibits }) };
  return sha256(
    canonicalize({ ...shown, participants: Object.values(participants).map(participantResource) }) as string,
  );
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
