/** Each message of the sockets of feeds in a sentence, and as it may look: for documents. A test holds the examples to the schemas. */
import type { JsonObject } from '../core/definitions/event.ts';
import { described } from './examples.ts';
import type { feedClientMessages, feedServerMessages } from './feedMessages.ts';

type MessageType = keyof typeof feedServerMessages | keyof typeof feedClientMessages;

const match_id = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e30';
const timestamp = '2026-09-24T10:11:20.000Z';
const state = {
  ...{ phase: 'live', score: null, title: 'Harbour v. Atlas', courtroom: 'Hall B' },
  ...{ scheduled_at: '2026-09-24T10:00:00.000Z', speaker: null, behind_minutes: 4, awaits_result: false },
};
const event = {
  ...{ seq: 3, provider: 'internal', kind: 'phase', at: '2026-09-24T10:11:12.345Z' },
  ...{ details: { from: 'pre_match', to: 'live' }, confidence: 95, superseded: false },
};

export const describedInFeeds: Record<MessageType, { summary: string; example: JsonObject }> = {
  state: {
    summary:
      'How the connection stands: the first message, the answer to unsubscribe, and the last before a relay stops.',
    example: {
      ...{ type: 'state', state: 'open', subscriptions: [{ match_id, tiers: [0, 1] }], most_subscriptions: 25 },
      ...{ resume_ticket: 'mWq0fQ3pQkq8cZ1x7m0y5w', reconnect_in_ms: null },
    },
  },
  snapshot: {
    summary: 'One tier of a match as it stands: the answer to subscribe, and whenever deltas were left out.',
    example: { type: 'snapshot', match_id, tier: 0, version: 7, seq: 3, state },
  },
  events_batch: {
    summary: 'Events of a match: the last hundred after a snapshot of tier 1, and later those that are new.',
    example: { type: 'events_batch', match_id, events: [event] },
  },
  delta: {
    summary: 'What has changed in one tier of a match: put these fields in the place of those that you have.',
    example: { type: 'delta', match_id, tier: 0, version: 8, seq: 3, changed: { behind_minutes: 5 } },
  },
  ping: {
    summary: 'Asks for a pong, within ten seconds. Relay and client may both say so.',
    example: { type: 'ping' },
  },
  pong: { summary: 'The answer to a ping. A client may leave the time out.', example: { type: 'pong', timestamp } },
  TOKEN_EXPIRING: described.TOKEN_EXPIRING,
  REAUTHED: described.REAUTHED,
  error: {
    summary: 'A message was refused, a match cannot be followed, or the connection is about to be closed, and why.',
    example: { type: 'error', code: 'not_found', detail: 'There is no such match.', match_id },
  },
  subscribe: {
    summary: 'Follows a match, or other tiers of it: answered by a snapshot of each tier.',
    example: { type: 'subscribe', match_id, tiers: [0, 1] },
  },
  unsubscribe: { summary: 'Follows a match no more: answered by a state.', example: { type: 'unsubscribe', match_id } },
  REAUTH: described.REAUTH,
};
