/** A session's state as a listener is shown it, as schemas: the same resources that the API answers. */
import { z } from 'zod';
import { ROSTER_ROLES, VISIBILITIES } from '../access/scope.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import { MEDIA_TYPES } from '../court/exhibits/mediaTypes.ts';
import { SIDES } from '../court/formats/format.ts';
import { EVIDENCE, POINTS } from '../court/objections/grounds.ts';
import { OBJECTION_STATES } from '../court/objections/objection.ts';
import { clock as clockOfEvent, PAUSE_REASONS } from '../court/turns/clock.ts';
import { plannedTurn, TURN_STATES } from '../court/turns/turn.ts';

const text = z.string();
const uuid = z.guid();
const count = z.int().min(0);
/** RFC 3339, UTC, with milliseconds. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time' });
export const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** `system`, or the id of a user. */
export const actor = z.string().regex(/^[a-z0-9:_-]{1,64}$/);
const EXHIBIT_STATES = ['uploaded', 'marked', 'tendered', 'admitted', 'rejected', 'withdrawn', 'unruled'] as const;

/** Where a stream, or a state folded from it, stands: an event's number and its hash. */
export const position = z.strictObject({ event_sequence: count, event_hash: hash });

export const turn = plannedTurn.extend({
  state: z.enum(TURN_STATES),
  speaker: z.strictObject({ user_id: uuid, name: text }).nullable(),
  started_at: instant.nullable(),
  extension_ms: count,
  paused_ms: count,
  paused_since: instant.nullable(),
  paused_by: z.array(z.enum(PAUSE_REASONS)),
  expired_at: instant.nullable(),
  questions: count,
  question_since: instant.nullable(),
  ended_at: instant.nullable(),
  used_ms: count.nullable(),
  overtime_ms: count.nullable(),
});

/** Of the active turn, as it stands at `server_time`. */
export const clock = clockOfEvent.extend({ cards_ms: z.array(count), server_time: instant });

export const session = z.strictObject({
  id: uuid,
  assignment_id: uuid,
  institution_id: uuid,
  title: text,
  courtroom: text,
  visibility: z.enum(VISIBILITIES),
  status: z.enum(['pending', 'active', 'paused', 'completed']),
  created_at: instant,
  started_at: instant.nullable(),
  ended_at: instant.nullable(),
  recording_url: text.nullable(),
  metadata: z.record(z.string(), z.unknown()),
  integrity_hash: hash.nullable(),
  integrity_last_checked_at: instant.nullable(),
  participants_count: count,
  head: position,
  turn: turn.nullable(),
  clock: clock.nullable(),
});

export const participant = z.strictObject({
  id: uuid,
  user_id: uuid,
  name: text,
  role: z.enum(ROSTER_ROLES),
  status: z.enum(['connected', 'reconnecting', 'disconnected']),
  joined_at: instant,
  left_at: instant.nullable(),
  connection_count: count,
});

export const objection = z.strictObject({
  id: uuid,
  turn_id: uuid,
  ground: z.enum([...keysOf(EVIDENCE), ...keysOf(POINTS)]),
  /** Of the Federal Rules of Evidence, where the ground has one. */
  rule: text.nullable(),
  reason: text.nullable(),
  side: z.enum(SIDES).nullable(),
  raised_by: actor,
  raised_at: instant,
  state: z.enum(OBJECTION_STATES),
  ruling: text.nullable(),
  reserved_at: instant.nullable(),
  ruled_by: actor.nullable(),
  ruled_at: instant.nullable(),
  withdrawn_at: instant.nullable(),
});

export const exhibit = z.strictObject({
  id: uuid,
  side: z.enum(SIDES),
  title: text,
  media_type: z.enum(MEDIA_TYPES),
  size_bytes: count,
  sha256: hash,
  state: z.enum(EXHIBIT_STATES),
  number: count.nullable(),
  /** `P-1`, `R-2`; null until it is marked. */
  label: text.nullable(),
  uploaded_by: actor,
  uploaded_at: instant,
  marked_by: actor.nullable(),
  marked_at: instant.nullable(),
  turn_id: uuid.nullable(),
  tendered_by: actor.nullable(),
  tendered_at: instant.nullable(),
  ruling: text.nullable(),
  ruled_by: actor.nullable(),
  ruled_at: instant.nullable(),
  withdrawn_by: actor.nullable(),
  withdrawn_at: instant.nullable(),
});

/** Of a roster: the status says whether sockets of theirs are open. */
export const presence = z.strictObject({
  /** Connections that listen, of everybody. */
  listeners: count,
  participants: z.array(z.strictObject({ user_id: uuid, status: participant.shape.status })),
});

/** The sender takes these as it read them; they are not checked again when they are sent. */
const shown = (schema: z.ZodObject) => schema as unknown as z.ZodType<JsonObject>;

export const snapshot = z.strictObject({
  session: shown(session),
  participants: z.array(shown(participant)),
  turn: turn.nullable() as z.ZodType<unknown>,
  clock: clock.nullable() as z.ZodType<unknown>,
  objections: z.array(shown(objection)),
  exhibits: z.array(shown(exhibit)),
  presence: presence.exactOptional(),
  head: position,
});

function keysOf<Key extends string>(table: { readonly [key in Key]: unknown }): Key[] {
  return Object.keys(table) as Key[];
}
