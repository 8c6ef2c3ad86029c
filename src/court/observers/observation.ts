/** An observation: a spectator looks on. No event records it, and only its own maker finds it. */
import { z } from 'zod';
import { at, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineStream, type StreamKind, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { theSession } from '../sessions/session.ts';

export const observations = defineTable({
  name: 'session_observations',
  stream: null,
  owner: 'session_id',
  primary_key: ['id'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'observation_id',
  found_for: 'user_id',
});

/**
 * A session's observers have a stream of their own, in which nothing is recorded: thousands that come at once wait for
 * each other, and no clerk waits for them. `If-Match` means the session's head all the same.
 */
export const observersStream: StreamKind<object> = defineStream('observers', { initial: () => ({}), yields: true });

export function observersOf(session_id: string, isConditional: boolean) {
  const observers = { kind: 'observers', stream: streamName('observers', session_id) } as const;
  return [isConditional ? theSession(session_id) : null, observers] as const;
}

/** The ticket is for the observer alone. */
export const admissionAnswer = named(
  'Admission',
  z.strictObject({ id: uuid, ticket: text.exactOptional(), expires_at: at }),
  { id: EXAMPLE.event_id, ticket: 'eyJhbGciOiJIUzI1NiJ9...', expires_at: '2026-09-24T10:26:12.345Z' },
);

export const observationAnswer = named('Observation', z.strictObject({ id: uuid, session_id: uuid, left_at: at }), {
  ...{ id: EXAMPLE.event_id, session_id: EXAMPLE.session_id, left_at: EXAMPLE.now },
});
