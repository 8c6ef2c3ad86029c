/** A spectator stops looking on. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { update } from '../../core/definitions/write.ts';
import { reject } from '../problems.ts';
import { observationAnswer, observations, observersOf } from './observation.ts';

export const leaveObservation = defineCommand({
  name: 'session.unobserve',
  route: 'POST /api/session/:session_id/observe/:observation_id/leave',
  summary: 'Stop looking on',
  who: 'anyone',
  body: z.strictObject({}),
  locks: ({ session_id }, _, __, isConditional) => observersOf(session_id, isConditional),
  finds: [observations],
  facts: {
    key: ({ input }) => input.observation_id,
    async load(db, ids) {
      const text = 'select id, left_at is not null as has_left from session_observations where id = any($1)';
      const { rows } = await db.query<{ id: string; has_left: boolean }>(text, [ids]);
      return new Map(rows.map((row) => [row.id, row.has_left]));
    },
  },
  decide: (_, __, hasLeft) => (hasLeft === false ? [] : reject('not_joined', 'This observation has already ended.')),
  writes: (_, { input, now }) => [update('session_observations', { id: input.observation_id }, { left_at: now })],
  resource: observationAnswer,
  result: (_, { input, now }) => ({ id: input.observation_id, session_id: input.session_id, left_at: now }),
  records: [],
  rejects: ['not_joined'],
});
