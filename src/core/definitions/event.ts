/**
 * Events: what happened, in the past tense. A definition says everything about one type: its payload's schema, how it
 * changes the stream's state (`evolve`) and which rows it writes (`project`). Recorded types never change meaning.
 */
import type { z } from 'zod';
import type { Write } from '../definitions/write.ts';
import type { StreamKind } from './stream.ts';

export type JsonObject = { [key: string]: unknown };

/** An event that a decision asks for; the ledger gives it its place in the chain. */
export interface NewEvent {
  kind: string;
  type: string;
  payload: JsonObject;
}

/** An event as `evolve` and `project` see it. `at` is RFC 3339 UTC with milliseconds. */
export interface RecordedEvent<Payload = JsonObject> {
  stream: string;
  sequence: number;
  id: string;
  type: string;
  actor: string;
  at: string;
  event_hash: string;
  payload_commitment: string;
  payload: Payload;
}

/**
 * An event as it leaves the system: from these fields alone a stranger rebuilds every hash. Beside them stands the
 * stream's id, where its kind says under which name.
 */
export interface ExportedEvent {
  stream: string;
  event_sequence: number;
  event_type: string;
  event_id: string;
  actor_id: string;
  occurred_at: string;
  previous_hash: string;
  event_hash: string;
  payload: JsonObject | null;
  payload_salt: string | null;
  payload_commitment: string;
  erased?: true;
}

export interface EventParts<Payload, State> {
  stream: StreamKind<State>;
  type: string;
  payload: z.ZodType<Payload>;
  evolve(state: NoInfer<State>, event: RecordedEvent<Payload>): NoInfer<State>;
  /** `state` is the stream's after the event. */
  project(event: RecordedEvent<Payload>, state: NoInfer<State>): Write[];
  /** What remains of the payload once it is erased: all but its texts. A type without it cannot be erased. */
  erased?(payload: Payload): Payload;
  /** What is erased with the payload beside the chain. */
  wipes?(payload: Payload): Write[];
  /** It erases payloads of its own stream (`lapsed` in erasure.ts): of types that no state or row follows from any more. */
  lapses?: true;
}

/** Any definition, where neither its payload nor its state is known. */
export interface EventDefinition {
  stream: StreamKind;
  type: string;
  payload: z.ZodType;
  evolve(state: unknown, event: RecordedEvent<never>): unknown;
  project(event: RecordedEvent<never>, state: unknown): Write[];
  erased?(payload: never): object;
  wipes?(payload: never): Write[];
  lapses?: true;
}

/** Defines one type of event; the result is also the function that makes a `NewEvent` of it. */
export function defineEvent<Payload extends object, State>(
  parts: EventParts<Payload, State>,
): EventParts<Payload, State> & ((payload: Payload) => NewEvent) {
  const make = (payload: Payload): NewEvent => ({
    kind: parts.stream.kind,
    type: parts.type,
    payload: payload as JsonObject,
  });
  return Object.assign(make, parts);
}
