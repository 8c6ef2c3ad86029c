/** An event as it leaves the system, as a schema: from its fields a stranger rebuilds every hash. */
import { z } from 'zod';
import { actor, at, hash, named, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../exampleValues.ts';

const envelope = {
  event_sequence: z.int().min(1),
  event_type: z.string().regex(/^[A-Z][A-Z0-9_]{0,49}$/),
  event_id: uuid,
  actor_id: actor,
  occurred_at: at,
  previous_hash: hash,
  event_hash: hash,
  /** Null where it was erased. */
  payload: z.record(z.string(), z.unknown()).nullable(),
  payload_salt: hash.nullable(),
  payload_commitment: hash,
  erased: z.literal(true).exactOptional(),
};

const event = z.strictObject({
  stream: z.string().regex(/^session:[a-z0-9-]{1,60}$/),
  session_id: uuid,
  ...envelope,
});

const EXAMPLE_EVENT = {
  ...{ stream: `session:${EXAMPLE.session_id}`, session_id: EXAMPLE.session_id, event_sequence: 18 },
  ...{ event_type: 'SESSION_PAUSED', event_id: EXAMPLE.event_id, actor_id: EXAMPLE.judge.user_id },
  ...{ occurred_at: EXAMPLE.now, previous_hash: EXAMPLE.hash, event_hash: EXAMPLE.previous_hash },
  ...{ payload: { reason: 'Tea.' }, payload_salt: 'ab'.repeat(32) },
  payload_commitment: '9f147dafb1c410bffda4f3678c8f2064f05949efad3e895aea074a0ecf2a0670',
};

/** Of a session's stream. */
export const eventAnswer = named('Event', event, EXAMPLE_EVENT);
/** The same as the result of a command. */
export const entryAnswer = named('Entry', event.extend({ id: uuid }), { id: EXAMPLE.event_id, ...EXAMPLE_EVENT });
