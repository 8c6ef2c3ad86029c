/** The system ends an observation that outlived its ticket and its sockets. As with leaving, the record does not notice. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { reject } from '../problems.ts';
import { observersOf } from './observation.ts';
import { TICKET_TTL_MS } from './observeSession.ts';

interface Observation {
  observed_at: string;
  left_at: string | null;
}

export const expireObservation = defineSystemCommand({
  name: 'observation.expire',
  summary: 'End an observation that outlived its ticket',
  /** Without `left_at`, as before it was known: now. */
  body: z.strictObject({ session_id: id, observation_id: id, left_at: instant.optional() }),
  within: 'session_id',
  locks: ({ session_id }) => observersOf(session_id, false),
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
  writes: (_, command) => [
    update('session_observations', { id: command.input.observation_id }, { left_at: leftAt(command) }),
  ],
  result: (_, command) => {
    const { observation_id, session_id } = command.input;
    return { id: observation_id, session_id, left_at: leftAt(command) };
  },
  records: [],
  rejects: ['not_joined', 'not_stale'],
});

/** Never later than it is recorded. */
function leftAt({ input, now }: { input: { left_at?: string | undefined }; now: string }): string {
  return input.left_at !== undefined && input.left_at < now ? input.left_at : now;
}
