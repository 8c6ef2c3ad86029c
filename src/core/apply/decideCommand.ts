/**
 * Deciding one command on the states of its streams: applied, with what it records and where its streams are then, or
 * rejected. Pure but for the salts of the recorded payloads, the only randomness, which no decision sees.
 */
import { eventId } from '../chain/ids.ts';
import { chainEvent, type EventRow, exportedEvent, headAfter, recordedEvent } from '../chain/ledger.ts';
import type { Catalog, Command, Mutation } from '../definitions/command.ts';
import type { ExportedEvent, NewEvent } from '../definitions/event.ts';
import { isRejection, problemBody } from '../definitions/problem.ts';
import { type Head, kindOf } from '../definitions/stream.ts';
import type { Write } from '../definitions/write.ts';
import type { PendingCommand } from './inbox.ts';
import type { StreamState } from './keptStates.ts';
import { rejectedBody } from './outcome.ts';

type Verdict = { status: 'rejected'; body: string } | AppliedVerdict;

export interface AppliedVerdict {
  status: 'applied';
  body: string;
  rows: EventRow[];
  writes: Write[];
  exported: ExportedEvent[];
  /** Heads and states of the streams that moved. */
  moved: ReadonlyMap<string, StreamState>;
}

/** A stream of the command, as it is between two of its events. */
interface Place {
  stream: string;
  current: StreamState;
}

/** By kind: a command has one stream of each. */
type Places = Map<string, Place>;

export interface Circumstances {
  /** The database's clock, read after the locks. */
  now: string;
  /** The state of each stream, with what earlier commands of the batch did to it. */
  current(stream: string): StreamState;
  facts: ReadonlyMap<string, unknown>;
  kinds: Catalog['kinds'];
}

/** @throws whatever the definition throws: that is a fault of the command */
export function decideCommand(definition: Mutation, pending: PendingCommand, around: Circumstances): Verdict {
  const places: Places = new Map(
    pending.streams.map((stream) => [kindOf(stream), { stream, current: around.current(stream) }]),
  );
  const { head } = places.get(kindOf(pending.stream))!.current;
  if (pending.expected_sequence !== null && pending.expected_sequence !== head.sequence) {
    const detail = `If-Match says ${pending.expected_sequence}, the head is ${head.sequence}.`;
    return { status: 'rejected', body: rejectedBody(problemBody('precondition_failed', detail)) };
  }
  const command = { ...pending, now: nowFor(places, around.now), heads: headsOf(places) };
  const fact = definition.facts && around.facts.get(`${pending.name} ${definition.facts.key(pending)}`);
  const decision = definition.decide(statesOf(places), command, fact);
  if (isRejection(decision)) return { status: 'rejected', body: rejectedBody(decision.problem) };
  return apply(definition, command, decision, places, { ...around, fact });
}

function apply(
  definition: Mutation,
  command: Command & { name: string },
  events: NewEvent[],
  before: Places,
  { kinds, fact }: Pick<Circumstances, 'kinds'> & { fact: unknown },
): AppliedVerdict {
  const places = new Map(before);
  const { rows, writes } = recordAll(definition, command, events, places);
  const outside = definition.writes?.(statesOf(places), command, fact) ?? [];
  const exported = rows.map((row) => exportedEvent(row, kinds.get(kindOf(row.stream))!));
  const moved = new Map<string, StreamState>();
  for (const [kind, place] of places) if (place !== before.get(kind)) moved.set(place.stream, place.current);
  const body = appliedBody(definition, command, places, exported, fact);
  return { status: 'applied', body, rows, writes: [...writes, ...outside], exported, moved };
}

/** Chains the events one after the other, each on the command's stream of its kind, and moves the places along. */
function recordAll(
  definition: Mutation,
  command: Command & { name: string },
  events: NewEvent[],
  places: Places,
): { rows: EventRow[]; writes: Write[] } {
  const rows: EventRow[] = [];
  const writes: Write[] = [];
  for (const event of events) {
    const place = places.get(event.kind);
    if (!place) throw new Error(`${command.name} names no ${event.kind} stream for ${event.type}`);
    const { stream, current } = place;
    const known = definition.records.find(({ type }) => type === event.type);
    const payload = known ? (known.payload.parse(event.payload) as NewEvent['payload']) : event.payload;
    const id = eventId(command.id, rows.length + 1);
    const row = chainEvent(stream, current.head, { ...event, payload }, id, command.actor.id, command.now);
    const recorded = recordedEvent(row) as never;
    const state = known ? known.evolve(current.state, recorded) : current.state;
    places.set(event.kind, { stream, current: { head: headAfter(row), state } });
    rows.push(row);
    if (known) writes.push(...known.project(recorded, state));
  }
  return { rows, writes };
}

function appliedBody(
  definition: Mutation,
  command: Command,
  places: Places,
  exported: ExportedEvent[],
  fact: unknown,
): string {
  const stream = exported[0]?.stream ?? null;
  const own = exported.filter((event) => event.stream === stream);
  return JSON.stringify({
    stream,
    sequence_from: own[0]?.event_sequence ?? null,
    sequence_to: own.at(-1)?.event_sequence ?? null,
    events: exported.map(({ event_sequence, event_type, event_hash }) => ({ event_sequence, event_type, event_hash })),
    result: definition.result({ states: statesOf(places), heads: headsOf(places), events: exported }, command, fact),
  });
}

function statesOf(places: Places): Record<string, unknown> {
  return Object.fromEntries([...places].map(([kind, { current }]) => [kind, current.state]));
}

function headsOf(places: Places): Record<string, Head> {
  return Object.fromEntries([...places].map(([kind, { current }]) => [kind, current.head]));
}

/** No event is older than the one before it, even where the clock was set back. */
function nowFor(places: Places, now: string): string {
  const times = [...places.values()].map(({ current }) => current.head.occurred_at);
  return times.reduce<string>((late, time) => (time !== null && time > late ? time : late), now);
}
