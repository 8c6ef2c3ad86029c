/**
 * Deciding a batch, in inbox order and in memory: which commands are decided now, which are left for another pass, and
 * what all of them come to. No I/O happens here. A command's states and ends are drawn in outcome.ts.
 */
import type { EventRow } from '../chain/ledger.ts';
import type { Catalog } from '../definitions/command.ts';
import { PAYLOAD_ERASED } from '../definitions/erasure.ts';
import type { ExportedEvent, JsonObject } from '../definitions/event.ts';
import { addWork } from '../definitions/stream.ts';
import type { Write } from '../definitions/write.ts';
import { type AppliedVerdict, decideCommand } from './decideCommand.ts';
import type { Erasing } from './erasing.ts';
import type { PendingCommand } from './inbox.ts';
import type { StreamState } from './keptStates.ts';
import type { Lapsing } from './lapsing.ts';
import {
  attemptOf,
  type CommandFault,
  deadBody,
  demandAttemptLeft,
  faultOf,
  MAX_ATTEMPTS,
  type Outcome,
  outcomeOf,
  type Postponed,
} from './outcome.ts';
import type { SealedSnapshot } from './stateSnapshots.ts';

/** What a batch comes to. Nothing of it is true before the transaction commits. */
export interface Decided {
  outcomes: Outcome[];
  faults: CommandFault[];
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
  /** Payloads that go with the commit. */
  erasing: Erasing[];
  /** Payloads of streams that erase their own. */
  lapsing: Lapsing[];
  /** How many of its payloads were erased before, by stream, where any were. */
  erasures: ReadonlyMap<string, number>;
  /** States of long streams, which go with the commit. */
  snapshots: SealedSnapshot[];
}

export interface Batch {
  catalog: Catalog;
  pending: PendingCommand[];
  /** The database's clock, read after the locks. */
  now: string;
  /** Heads and states of the locked streams. */
  current: ReadonlyMap<string, StreamState>;
  facts: ReadonlyMap<string, unknown>;
  /** Streams that were to be locked and that another transaction has. */
  busy?: ReadonlySet<string>;
  /** Streams that only a newer version can read, each with what this one does not know of it. */
  newer?: ReadonlyMap<string, string>;
  /** When given, only these are decided; their attempt is already counted. */
  preCounted?: ReadonlySet<string> | undefined;
  /** When true, a command that may have taken a process down is left alone. */
  skipSuspects?: boolean | undefined;
  /** When given, what the database said when the first command was tried alone. */
  fault?: unknown;
  /** Told which command is being decided, and null at the end: a decision that never ends is known by it. */
  watch?: ((command: PendingCommand | null) => void) | undefined;
}

/** What stands in the way of later commands of the batch. */
interface Used {
  facts: Set<string>;
  /** Streams of an erasure: their states hold what it takes out, and what was decided on them is not stored yet. */
  erased: Set<string>;
}

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
    erasing: [],
    lapsing: [],
    erasures: new Map(),
    snapshots: [],
  };
  const stopped = new Set<string>();
  const used: Used = { facts: new Set(), erased: new Set() };
  for (const command of batch.pending) {
    if (stopped.has(command.stream)) continue;
    const isTaken = isLeft(batch, decided, command, used) ? false : decideNext(batch, decided, command);
    if (!isTaken) stopped.add(command.stream);
    else if (isErasing(batch, command)) for (const stream of command.streams) used.erased.add(stream);
  }
  batch.watch?.(null);
  return decided;
}

/** Asked before anything that would count as an attempt. Says in `decided` why the command is left. */
function isLeft(batch: Batch, decided: Decided, command: PendingCommand, used: Used): boolean {
  const postponed = postponedFor(batch, command);
  if (postponed) {
    decided.postponed.set(command.stream, postponed);
    return true;
  }
  const isSuspect = batch.skipSuspects && (command.attempts > 0 || command.overdue);
  if (!isSuspect && isTakeable(batch, decided, command, used)) return false;
  addWork(isSuspect ? decided.suspects : decided.again, command.streams);
  return true;
}

function postponedFor(batch: Batch, { id: first, name, streams }: PendingCommand): Postponed | undefined {
  const busy = streams.find((stream) => batch.busy?.has(stream));
  if (busy !== undefined) return { first, streams, reason: 'locked', detail: `somebody else has locked ${busy}` };
  const strange = streams.find((stream) => batch.newer?.has(stream));
  const unknown = batch.catalog.commands.has(name) ? strange && batch.newer?.get(strange) : `commands named ${name}`;
  if (unknown === undefined) return undefined;
  return { first, streams, reason: 'newer', detail: `only a newer version knows ${unknown}` };
}

function isErasing({ catalog }: Batch, { name }: PendingCommand): boolean {
  return catalog.commands.get(name)?.records.some(({ type }) => type === PAYLOAD_ERASED) === true;
}

/** All its streams are locked, its facts are fresh, and it is one of those that were asked for. */
function isTakeable(batch: Batch, decided: Decided, command: PendingCommand, used: Used): boolean {
  if (batch.preCounted && !batch.preCounted.has(command.id)) return false;
  if ('fault' in batch) return true;
  if (!command.streams.every((stream) => batch.current.has(stream))) return false;
  if (command.streams.some((stream) => used.erased.has(stream))) return false;
  if (isErasing(batch, command) && command.streams.some((stream) => decided.moved.has(stream))) return false;
  const facts = batch.catalog.commands.get(command.name)?.facts;
  if (!facts) return true;
  const key = facts.key(command);
  if (used.facts.has(key)) return false;
  used.facts.add(key);
  return true;
}

/** @returns true when the command has its outcome, so that its stream may go on */
function decideNext(batch: Batch, decided: Decided, command: PendingCommand): boolean {
  const isPreCounted = batch.preCounted !== undefined;
  const attempts = attemptOf(command, isPreCounted);
  const end = (status: Outcome['status'], body: string, input?: JsonObject) =>
    decided.outcomes.push(outcomeOf(command, { status, attempts, finished_at: batch.now, body, input }));
  try {
    if ('fault' in batch) throw batch.fault;
    batch.watch?.(command);
    demandAttemptLeft(command, isPreCounted);
    const current = (stream: string) => decided.moved.get(stream) ?? batch.current.get(stream)!;
    const definition = batch.catalog.commands.get(command.name)!;
    const verdict = decideCommand(definition, command, {
      now: batch.now,
      facts: batch.facts,
      kinds: batch.catalog.kinds,
      current,
    });
    if (verdict.status === 'applied') collect(decided, verdict);
    end(verdict.status, verdict.body, definition.keeps?.(command.input));
    return true;
  } catch (error) {
    decided.faults.push(faultOf(command, attempts, error));
    const isDead = attempts >= MAX_ATTEMPTS;
    if (isDead) end('dead', deadBody(attempts));
    return isDead;
  }
}

function collect(decided: Decided, { rows, writes, moved, exported }: AppliedVerdict): void {
  decided.rows.push(...rows);
  decided.writes.push(...writes);
  for (const [stream, state] of moved) decided.moved.set(stream, state);
  for (const event of exported) {
    const earlier = decided.exported.get(event.stream);
    if (earlier) earlier.push(event);
    else decided.exported.set(event.stream, [event]);
  }
}
