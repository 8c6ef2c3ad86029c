/**
 * How a peer applies one log command: lock the session's head, decide, chain the event. States are kept in memory by
 * head, as ours are, so that a transaction reads nothing but heads.
 */

import { createStates } from '../../src/core/apply/streamStates.ts';
import { eventId } from '../../src/core/chain/ids.ts';
import { chainEvent, type EventRow, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { isRejection, type ProblemBody, problemBody } from '../../src/core/definitions/problem.ts';
import type { Head } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { logEntry } from '../../src/court/sessions/logEntry.ts';
import { type SessionStates, sessionStream } from '../../src/court/sessions/session.ts';
import { catalog } from '../../src/modules.ts';

/** What a transaction needs to know of a command. */
export interface LogCommand {
  id: string;
  streams: string[];
  input: unknown;
  actor: Actor;
  expected_sequence: number | null;
}

export interface Verdict {
  status: 'applied' | 'rejected';
  finished_at: string;
  /** The JSON text that ends the answer. */
  outcome: string;
  event: EventRow | null;
}

const LOCK = {
  name: 'lock-heads',
  text: `
    select s.sequence, encode(s.event_hash, 'hex') as event_hash, s.occurred_at,
      a.sequence as assignment_sequence, encode(a.event_hash, 'hex') as assignment_hash,
      date_trunc('milliseconds', clock_timestamp()) as now
    from streams s, streams a where s.stream = $1 and a.stream = $2 for no key update of s`,
};

interface LockedRow {
  sequence: number;
  event_hash: string;
  occurred_at: string;
  assignment_sequence: number;
  assignment_hash: string;
  now: string;
}

/** `with` clauses that store an event with its payload and move the head; eleven parameters, from $n on. */
export function storeEvent(n: number): string {
  const [stream, sequence, id, type, actor, at, commitment, previous, hash, payload, salt] = parameters(n, 11);
  return `
    recorded as (
      insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment,
        previous_hash, event_hash)
      values (${stream}, ${sequence}, ${id}, ${type}, ${actor}, ${at}, decode(${commitment}, 'hex'),
        decode(${previous}, 'hex'), decode(${hash}, 'hex'))
    ), kept as (
      insert into event_payloads (stream, sequence, payload, salt)
      values (${stream}, ${sequence}, ${payload}, decode(${salt}, 'hex'))
    ), moved as (
      update streams set sequence = ${sequence}, event_hash = decode(${hash}, 'hex'), occurred_at = ${at}
      where stream = ${stream}
    )`;
}

export function parameters(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `$${first + i}`);
}

export function eventValues(event: EventRow): unknown[] {
  const { stream, sequence, event_id, event_type, actor_id, occurred_at } = event;
  const { payload_commitment, previous_hash, event_hash, payload, payload_salt } = event;
  const hashes = [payload_commitment, previous_hash, event_hash];
  return [stream, sequence, event_id, event_type, actor_id, occurred_at, ...hashes, payload, payload_salt];
}

export function createJudge() {
  const states = createStates(catalog);

  /** Inside a transaction, which then stores the verdict. */
  return async function judge(db: Queryable, command: LogCommand): Promise<Verdict> {
    const [stream, assignment] = command.streams as [string, string];
    const { rows } = await db.query<LockedRow>({ ...LOCK, values: [stream, assignment] });
    const [locked] = rows;
    if (!locked) throw new Error(`${stream} is not there`);
    const head = { sequence: locked.sequence, event_hash: locked.event_hash, occurred_at: locked.occurred_at };
    const assignmentHead = {
      sequence: locked.assignment_sequence,
      event_hash: locked.assignment_hash,
      occurred_at: null,
    };
    const heads = new Map<string, Head>([
      [stream, head],
      [assignment, assignmentHead],
    ]);
    const isBehind = locked.now < head.occurred_at;
    const now = isBehind ? head.occurred_at : locked.now;
    if (command.expected_sequence !== null && command.expected_sequence !== head.sequence) {
      const detail = `If-Match says ${command.expected_sequence}, the head is ${head.sequence}.`;
      return rejected(problemBody('precondition_failed', detail), now);
    }
    const { states: known } = await states.load(db, heads);
    const seen = { session: known.get(stream), assignment: known.get(assignment) } as SessionStates;
    const asked = {
      ...command,
      input: command.input as never,
      now,
      heads: { session: head, assignment: assignmentHead },
    };
    const decision = logEntry.decide(seen, asked, undefined);
    if (isRejection(decision)) return rejected(decision.problem, now);
    const event = chainEvent(stream, head, decision[0]!, eventId(command.id, 1), command.actor.id, now);
    states.keep({ moved: new Map([[stream, { head: headAfter(event), state: seen.session }]]), rows: [event] });
    return { status: 'applied', finished_at: locked.now, outcome: appliedBody(event), event };
  };
}

function appliedBody(event: EventRow): string {
  const exported = exportedEvent(event, sessionStream);
  const { event_sequence, event_type, event_hash } = exported;
  return JSON.stringify({
    stream: event.stream,
    sequence_from: event_sequence,
    sequence_to: event_sequence,
    events: [{ event_sequence, event_type, event_hash }],
    result: { id: event.event_id, ...exported },
  });
}

function rejected(problem: ProblemBody, finished_at: string): Verdict {
  const outcome = JSON.stringify({ problem });
  return { status: 'rejected', finished_at, outcome, event: null };
}
