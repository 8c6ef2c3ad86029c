/**
 * Deciding a batch, in inbox order and in memory: which command is applied, rejected, held, postponed or dead, and what
 * that records. No I/O happens here; salts are the only chance, and no decision sees them.
 */

import { eventId } from '../chain/ids.ts';
import { chainEvent, type EventRow, exportedEvent, headAfter, recordedEvent } from '../chain/ledger.ts';
import type { Catalog, Command, Mutation } from '../definitions/command.ts';
import type { ExportedEvent, NewEvent } from '../definitions/event.ts';
import { problemBody, type Rejection } from '../definitions/problem.ts';
import { addWork, type Head, kindOf } from '../definitions/stream.ts';
import type { Write } from '../definitions/write.ts';
import type { CommandStatus, PendingCommand } from './inbox.ts';
import type { StreamState } from './streamStates.ts';

/** The end of a command, as it is stored and sent to who waits for it. `body` is the JSON text that ends its answer. */
export interface Outcome {
  id: string;
  name: string;
  status: Exclude<CommandStatus, 'accepted'>;
  attempts: number;
  finished_at: string;
  body: string;
  reply_to: string;
  /** Of the request that sent it. */
  request_id: string;
  traceparent: string | null;
}

/** A command that could not be decided: it is tried again after `retry_in_ms`, and its stream waits for it. */
export interface Fault {
  id: string;
  name: string;
  stream: string;
  streams: string[];
  request_id: string;
  traceparent: string | null;
  attempts: number;
  error: string;
  retry_in_ms: number;
}

/** A stream that this worker cannot work on just now, through no fault of its commands. */
export interface Postponed {
  /** Every stream that its next command locks. */
  streams: string[];
  /** `locked`: somebody else holds a lock that it needs. `newer`: only a newer version knows what it holds. */
  reason: 'locked' | 'newer';
  detail: string;
  /** The id of its first pending command, where it could be seen. */
  first?: string;
  /** It was met by waiting for a lock in vain: so not the stream's row is locked, but one that its commands write. */
  isSlow?: boolean;
}

/** What a batch comes to. Nothing of it is true before the transaction commits. */
export interface Decided {
  outcomes: Outcome[];
  faults: Fault[];
  rows: EventRow[];
  writes: Write[];
  /** Heads and states that moved. */
  moved: Map<string, StreamState>;
  /** What to publish after the commit, by stream and in order. */
  exported: Map<string, ExportedEvent[]>;
  /** What to pass over again at once: commands that this batch could not take. */
  again: Map<string, string[]>;
  /** Streams whose next command may have taken a process down: its attempt is to be counted before it is made. */
  suspects: Map<string, string[]>;
  /** By their subject. */
  postponed: Map<string, Postponed>;
}

export interface Batch {
  catalog: Catalog;
  pending: PendingCommand[];
  /** The database's clock, read after the locks. */
  now: string;
  /** The locked streams as they stand. */
  held: ReadonlyMap<string, StreamState>;
  facts: ReadonlyMap<string, unknown>;
  /** Streams that were to be locked and that somebody else has. */
  busy?: ReadonlySet<string>;
  /** Streams that only a newer version can read, each with what this one does not know of it. */
  newer?: ReadonlyMap<string, string>;
  /** When given, only these are decided; their attempt is already counted. */
  counted?: ReadonlySet<string> | undefined;
  /** When true, a command that may have taken a process down is left alone. */
  skipSuspects?: boolean | undefined;
  /** When given, what the database said when the first command was tried alone. */
  fault?: unknown;
  /** Told which command is being decided, and null at the end: a decision that never ends is known by it. */
  watch?: ((command: PendingCommand | null) => void) | undefined;
}

export const MAX_ATTEMPTS = 3;
const RETRY_IN_MS = [0, 1_000, 4_000];

export function decideBatch(batch: Batch): Decided {
  const decided: Decided = {
    outcomes: [],
    faults: [],
    rows: [],
    writes: [],
    moved: new Map(),
    exported: new Map(),
    again: new Map(),
    suspects: new Map(),
    postponed: new Map(),
  };
  const stopped = new Set<string>();
  const factsUsed = new Set<string>();
  for (const command of batch.pending) {
    if (stopped.has(command.stream)) continue;
    const postponed = postponedFor(batch, command);
    if (postponed) {
      stopped.add(command.stream);
      decided.postponed.set(command.stream, postponed);
      continue;
    }
    const isLeft = batch.skipSuspects && (command.attempts > 0 || command.overdue);
    if (isLeft || !isTakeable(batch, command, factsUsed)) {
      stopped.add(command.stream);
      addWork(isLeft ? decided.suspects : decided.again, command.streams);
      continue;
    }
    try {
      if ('fault' in batch) throw batch.fault;
      batch.watch?.(command);
      decideOne(batch, decided, command);
    } catch (error) {
      if (!recordFault(batch, decided, command, error)) stopped.add(command.stream);
    }
  }
  batch.watch?.(null);
  return decided;
}

/** Asked before anything that would count as an attempt. */
function postponedFor(batch: Batch, { id: first, name, streams }: PendingCommand): Postponed | undefined {
  const busy = streams.find((stream) => batch.busy?.has(stream));
  if (busy !== undefined) return { first, streams, reason: 'locked', detail: `somebody else has locked ${busy}` };
  const strange = streams.find((stream) => batch.newer?.has(stream));
  const unknown = batch.catalog.commands.has(name) ? strange && batch.newer?.get(strange) : `commands named ${name}`;
  if (unknown === undefined) return undefined;
  return { first, streams, reason: 'newer', detail: `only a newer version knows ${unknown}` };
}

/** All its streams are locked, its facts are fresh, and it is one of those that were asked for. */
function isTakeable(batch: Batch, command: PendingCommand, factsUsed: Set<string>): boolean {
  if (batch.counted && !batch.counted.has(command.id)) return false;
  if ('fault' in batch) return true;
  if (!command.streams.every((stream) => batch.held.has(stream))) return false;
  const facts = batch.catalog.commands.get(command.name)?.facts;
  if (!facts) return true;
  const key = facts.key(command);
  if (factsUsed.has(key)) return false;
  factsUsed.add(key);
  return true;
}

function decideOne(batch: Batch, decided: Decided, pending: PendingCommand): void {
  const definition = batch.catalog.commands.get(pending.name)!;
  if (isExhausted(batch, pending)) throw new Error(pending.last_error ?? 'the process ended while it was tried');
  const places = new Map(pending.streams.map((stream) => [kindOf(stream), placeOf(batch, decided, stream)]));
  const head = places.get(kindOf(pending.stream))!.held.head;
  if (pending.expected_sequence !== null && pending.expected_sequence !== head.sequence) {
    const detail = `If-Match says ${pending.expected_sequence}, the head is ${head.sequence}.`;
    finish(batch, decided, pending, rejectedBody({ rejected: 'precondition_failed', detail, extra: {} }), 'rejected');
    return;
  }
  const command = {
    ...pending,
    now: latest(
      batch.now,
      [...places.values()].map((place) => place.held.head.occurred_at),
    ),
    heads: headsOf(places),
  };
  const before = statesOf(places);
  const fact = definition.facts && batch.facts.get(`${pending.name} ${definition.facts.key(pending)}`);
  const decision = definition.decide(before, command, fact);
  if ('rejected' in decision) {
    finish(batch, decided, pending, rejectedBody(decision), 'rejected');
    return;
  }
  const { rows, writes } = recordAll(definition, command, decision, places);
  const outside = definition.writes?.(statesOf(places), command) ?? [];
  const exported = rows.map(exportedEvent);
  const body = appliedBody(definition, command, places, exported);
  decided.rows.push(...rows);
  decided.writes.push(...writes, ...outside);
  for (const { stream, held } of places.values()) {
    if (held !== placeOf(batch, decided, stream).held) decided.moved.set(stream, held);
  }
  for (const event of exported) {
    const earlier = decided.exported.get(event.stream);
    if (earlier) earlier.push(event);
    else decided.exported.set(event.stream, [event]);
  }
  finish(batch, decided, pending, body, 'applied');
}

interface Place {
  stream: string;
  held: StreamState;
}

function placeOf(batch: Batch, decided: Decided, stream: string): Place {
  return { stream, held: decided.moved.get(stream) ?? batch.held.get(stream)! };
}

function statesOf(places: ReadonlyMap<string, Place>): Record<string, unknown> {
  return Object.fromEntries([...places].map(([kind, place]) => [kind, place.held.state]));
}

function headsOf(places: ReadonlyMap<string, Place>): Record<string, Head> {
  return Object.fromEntries([...places].map(([kind, place]) => [kind, place.held.head]));
}

/** Chains the events one after the other, each on the command's stream of its kind, and moves the places along. */
function recordAll(
  definition: Mutation,
  command: Command & { name: string },
  events: NewEvent[],
  places: Map<string, Place>,
): { rows: EventRow[]; writes: Write[] } {
  const rows: EventRow[] = [];
  const writes: Write[] = [];
  for (const event of events) {
    const place = places.get(event.kind);
    if (!place) throw new Error(`${command.name} names no ${event.kind} stream for ${event.type}`);
    const { stream, held } = place;
    const known = definition.records.find(({ type }) => type === event.type);
    const payload = known ? (known.payload.parse(event.payload) as NewEvent['payload']) : event.payload;
    const id = eventId(command.id, rows.length + 1);
    const row = chainEvent(stream, held.head, { ...event, payload }, id, command.actor.id, command.now);
    const recorded = recordedEvent(row) as never;
    const state = known ? known.evolve(held.state, recorded) : held.state;
    places.set(event.kind, { stream, held: { head: headAfter(row), state } });
    rows.push(row);
    if (known) writes.push(...known.project(recorded, state));
  }
  return { rows, writes };
}

function appliedBody(
  definition: Mutation,
  command: Command,
  places: ReadonlyMap<string, Place>,
  exported: ExportedEvent[],
): string {
  const stream = exported[0]?.stream ?? null;
  const own = exported.filter((event) => event.stream === stream);
  return JSON.stringify({
    stream,
    sequence_from: own[0]?.event_sequence ?? null,
    sequence_to: own.at(-1)?.event_sequence ?? null,
    events: exported.map(({ event_sequence, event_type, event_hash }) => ({ event_sequence, event_type, event_hash })),
    result: definition.result({ states: statesOf(places), heads: headsOf(places), events: exported }, command),
  });
}

function rejectedBody({ rejected, detail, extra }: Rejection): string {
  return JSON.stringify({ problem: problemBody(rejected, detail, extra) });
}

function finish(
  batch: Batch,
  decided: Decided,
  { id, name, attempts, reply_to, request_id, traceparent }: PendingCommand,
  body: string,
  status: Outcome['status'],
): void {
  decided.outcomes.push({
    id,
    name,
    status,
    attempts: batch.counted ? attempts : attempts + 1,
    finished_at: batch.now,
    body,
    reply_to,
    request_id,
    traceparent,
  });
}

/** A command found with all its attempts spent took its process down at the last one. */
function isExhausted(batch: Batch, { attempts }: PendingCommand): boolean {
  return attempts >= MAX_ATTEMPTS && !batch.counted;
}

/** @returns true when the command is dead and its stream may go on */
function recordFault(batch: Batch, decided: Decided, command: PendingCommand, error: unknown): boolean {
  const attempts = batch.counted ? command.attempts : Math.min(command.attempts + 1, MAX_ATTEMPTS);
  const { id, name, stream, streams, request_id, traceparent } = command;
  // Postgres keeps every text but this one.
  const message = (error instanceof Error ? error.message : String(error)).replaceAll('\u0000', '');
  const exhausted = attempts >= MAX_ATTEMPTS;
  const retry_in_ms = RETRY_IN_MS[attempts] ?? 0;
  decided.faults.push({ id, name, stream, streams, request_id, traceparent, attempts, error: message, retry_in_ms });
  if (exhausted) {
    const detail = `The command failed ${attempts} times and was set aside; an operator can redrive it.`;
    const body = rejectedBody({ rejected: 'command_dead', detail, extra: {} });
    finish({ ...batch, counted: batch.counted ?? new Set() }, decided, { ...command, attempts }, body, 'dead');
  }
  return exhausted;
}

function latest(now: string, times: (string | null)[]): string {
  return times.reduce<string>((late, time) => (time !== null && time > late ? time : late), now);
}
