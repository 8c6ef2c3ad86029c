/**
 * A spectator is admitted to look on and gets a ticket for the sockets. Observations record no event, so that no
 * spectator moves a clerk's head nor stands in a clerk's way; they stand outside the chain.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { freeObject } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { sessionStreamName } from '../sessions/session.ts';
import { admissionAnswer, observersOf } from './observation.ts';

export const TICKET_TTL_MS = 15 * 60_000;

const body = z.strictObject({ client_info: privately(freeObject(16)).optional() });

export const observeSession = defineCommand({
  name: 'session.observe',
  route: 'POST /api/session/:session_id/observe',
  summary: 'Look on: answers a ticket for the sockets, good for 15 minutes',
  who: 'anyone',
  body,
  creates: '/api/session/:session_id/observe',
  locks: ({ session_id }, _, __, isConditional) => observersOf(session_id, isConditional),
  decide: () => [],
  writes: (_, { id, input, actor, now }) => [
    insert(
      'session_observations',
      { id },
      {
        session_id: input.session_id,
        user_id: isUuid(actor.id) ? actor.id : null,
        observed_at: now,
        client_info: input.client_info ?? null,
      },
    ),
  ],
  resource: admissionAnswer,
  result: (_, { id, now }) => ({ id, expires_at: new Date(Date.parse(now) + TICKET_TTL_MS).toISOString() }),
  answer(result, { input, actor }, issueTicket) {
    const { id, expires_at } = result as { id: string; expires_at: string };
    const issued_at = new Date(Date.parse(expires_at) - TICKET_TTL_MS).toISOString();
    const stream = sessionStreamName(input.session_id);
    return { id, ticket: issueTicket({ id, holder: actor, stream, issued_at, expires_at }), expires_at };
  },
  records: [],
  rejects: [],
});
