/** What is said on the sockets of feeds, flat and the same on both transports, as schemas. One connection follows many matches. */
import { z } from 'zod';
import { at, count, uuid } from '../core/definitions/answers.ts';
import { clientMessages, serverMessages } from './messages.ts';

/** 0 is what a scoreboard shows, 1 what happened, 2 what is counted. */
const tier = z.union([z.literal(0), z.literal(1), z.literal(2)]);
const tiers = z.array(tier).min(1).max(3);
/** By their names. */
const fields = z.record(z.string(), z.unknown());
/** Of the match: one more with each change of it that was published, though not each concerns every tier. */
const version = count;
/** Of the match's last event; 0 before the first. */
const seq = count;
const place = { match_id: uuid, tier, version, seq };

/** From the relay. */
export const feedServerMessages = {
  state: z.strictObject({
    type: z.literal('state'),
    state: z.enum(['open', 'draining']),
    subscriptions: z.array(z.strictObject({ match_id: uuid, tiers })),
    most_subscriptions: count,
    resume_ticket: z.string(),
    /** Where it is draining. */
    reconnect_in_ms: count.nullable(),
  }),
  snapshot: z.strictObject({ type: z.literal('snapshot'), ...place, state: fields }),
  events_batch: z.strictObject({
    type: z.literal('events_batch'),
    match_id: uuid,
    /** Oldest first. One with a number that is known already is shown differently now. */
    events: z.array(z.looseObject({ seq: count })),
  }),
  delta: z.strictObject({ type: z.literal('delta'), ...place, changed: fields }),
  ping: z.strictObject({ type: z.literal('ping') }),
  pong: z.strictObject({ type: z.literal('pong'), timestamp: at }),
  TOKEN_EXPIRING: serverMessages.TOKEN_EXPIRING,
  REAUTHED: serverMessages.REAUTHED,
  error: z.strictObject({
    type: z.literal('error'),
    code: z.string(),
    detail: z.string(),
    /** Where it is about one of them. */
    match_id: z.string().nullable(),
  }),
};

const MAX_ID = 64;
const matchId = z.string().max(MAX_ID);

/** From a client. Everything else is refused. */
export const feedClientMessages = {
  subscribe: z.strictObject({ type: z.literal('subscribe'), match_id: matchId, tiers }),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), match_id: matchId }),
  ping: z.object({ type: z.literal('ping') }),
  pong: z.object({ type: z.literal('pong') }),
  REAUTH: clientMessages.REAUTH,
};

type ServerMessages = typeof feedServerMessages;
export type FeedMessage = z.output<ServerMessages[keyof ServerMessages]>;
export type FeedState = z.output<ServerMessages['state']>;
type ClientMessages = typeof feedClientMessages;
export type FeedClientMessage = z.output<ClientMessages[keyof ClientMessages]>;
