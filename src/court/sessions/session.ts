/** A courtroom session: the state that its events fold into, on a stream of its own. */
import type { RosterRole } from '../../access/scope.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import type { JsonObject, RecordedEvent } from '../../core/definitions/event.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import type { AssignmentState } from '../assignments/assignment.ts';
import type { Correction } from '../corrections/correction.ts';
import { type Exhibit, isErased } from '../exhibits/exhibit.ts';
import { fileOf } from '../exhibits/exhibitFile.ts';
import type { Format } from '../formats/format.ts';
import type { Objection } from '../objections/objection.ts';
import { activeTurn, type Turn } from '../turns/turn.ts';
import { brokenInvariants } from '../turns/turnInvariants.ts';
import type { Violation } from '../violations/violation.ts';
import { sessionDigest } from './sessionDigest.ts';

export const SESSION_STATES = ['pending', 'active', 'paused', 'completed'] as const;
export type SessionStatus = (typeof SESSION_STATES)[number];

export const SEAT_STATES = ['connected', 'reconnecting', 'disconnected'] as const;

export interface Participant {
  id: string;
  user_id: string;
  name: string;
  role: RosterRole;
  status: (typeof SEAT_STATES)[number];
  joined_at: string;
  left_at: string | null;
  connection_count: number;
  /** Since when no socket of theirs was seen, where it is the system that waits for them or gave them up. */
  unseen_since: string | null;
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
  /** By `<id> <field>`: of each text that can be erased, the commitment of the payload that it came from. */
  commitments: { readonly [place: string]: string };
  /** In the order in which they were made. */
  corrections: readonly Correction[];
}

/** What the commands of a session see: its own state and its assignment's. */
export interface SessionStates {
  session: SessionState;
  assignment: AssignmentState;
}

export const sessionStream = defineStream<SessionState>('session', {
  id_name: 'session_id',
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
    commitments: {},
    corrections: [],
  }),
  invariants: brokenInvariants,
  files: ({ exhibits }) => exhibits.filter((one) => !isErased(one)).map(fileOf),
  seal: { event: 'SESSION_COMPLETED', digest: sessionDigest },
});

export const sessions = defineTable({
  name: 'courtroom_sessions',
  stream: 'session',
  owner: 'id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: 'in_scope',
  // What is lifted for a person ends with the session.
  scope: ['id', 'assignment_id', 'institution_id', 'status', 'ended_at'],
});

export function sessionStreamName(id: string): string {
  return streamName(sessionStream.kind, id);
}

/** What a command locks of it, and sees as `session`. */
export function theSession(id: string): Lock<'session', SessionState> {
  return { kind: 'session', stream: sessionStreamName(id) };
}

/** The state that remembers which payload a text of it came from: the text may be erased, and the seal must still hold. */
export function withSource<State extends Pick<SessionState, 'commitments'>>(
  session: State,
  id: string,
  field: string,
  { payload_commitment }: Pick<RecordedEvent, 'payload_commitment'>,
): State {
  return { ...session, commitments: { ...session.commitments, [`${id} ${field}`]: payload_commitment } };
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
