/** The system ends an observation that outlived its ticket. As with leaving, the record does not notice. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { id } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { reject } from '../problems.ts';
import { theSession } from '../sessions/session.ts';
import { TICKET_TTL_MS } from './observeSession.ts';

interface Observation {
  observed_at: string;
  left_at: string | null;
}

export const expireObservation = defineSystemCommand({
  name: 'observation.expire',
  summary: 'End an observation that outlived its ticket',
  body: z.strictObject({ session_id: id, observation_id: id }),
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  facts: {
    key: ({ input }) => input.observation_id,
    async load(db, ids) {
      const text = 'select id, observed_at, left_at from session_observations where id = any($1)';
      const { rows } = await db.query<Observation & { id: string }>(text, [ids]);
      return new Map(rows.map((row) => [row.id, row]));
    },
  },
  decide(_, { now }, observation) {
    if (observation?.left_at !== null) return reject('not_joined', 'This observation has already ended.');
    const age_ms = Date.parse(now) - Date.parse(observation.observed_at);
    return age_ms < TICKET_TTL_MS ? reject('not_stale', 'The ticket of this observation is still good.') : [];
  },
  writes: (_, { input, now }) => [update('session_observations', { id: input.observation_id }, { left_at: now })],
  result: (_, { input, now }) => ({ id: input.observation_id, session_id: input.session_id, left_at: now }),
  records: [],
  rejects: ['not_joined', 'not_stale'],
});
