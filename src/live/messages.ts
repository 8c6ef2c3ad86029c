/**
 * The live protocol: every message, flat and the same on every transport, as a schema. Types come from here and cost
 * nothing when something is sent; documents are made from here, and what tests receive is checked against it.
 */
import { z } from 'zod';
import { at, hash, position } from '../core/definitions/answers.ts';
import type { ExportedEvent } from '../core/definitions/event.ts';
import { eventAnswer } from '../court/sessions/eventAnswer.ts';
import { presence, snapshot } from './snapshot.ts';

const sequence = z.int().min(0);
const milliseconds = z.int().min(0);
/** Good once, for coming back. */
const resumeTicket = z.string();

/** An event of the session's stream, as section 6 of the record's page has it: a stranger rebuilds every hash from it. */
export const event = z.strictObject({ type: z.literal('EVENT'), ...eventAnswer.shape });

/** From the relay, in the order in which a listener meets them. */
export const serverMessages = {
  WELCOME: z.strictObject({
    type: z.literal('WELCOME'),
    mode: z.enum(['snapshot', 'delta', 'live']),
    recovered: z.boolean(),
    head: position,
    resume_ticket: resumeTicket,
  }),
  SNAPSHOT: z.strictObject({ type: z.literal('SNAPSHOT'), data: snapshot }),
  EVENT: event,
  SYNCED: z.strictObject({ type: z.literal('SYNCED'), event_sequence: sequence }),
  RESYNC: z.strictObject({
    type: z.literal('RESYNC'),
    from: sequence,
    to: sequence,
    reason: z.enum(['position_ahead', 'slow']),
    event_hash: hash,
  }),
  PONG: z.strictObject({ type: z.literal('PONG'), timestamp: at, head: position }),
  PRESENCE: presence.extend({ type: z.literal('PRESENCE') }),
  TOKEN_EXPIRING: z.strictObject({ type: z.literal('TOKEN_EXPIRING'), in_ms: milliseconds }),
  REAUTHED: z.strictObject({ type: z.literal('REAUTHED'), expires_at: at }),
  ERROR: z.strictObject({ type: z.literal('ERROR'), code: z.string(), detail: z.string() }),
  DRAIN: z.strictObject({ type: z.literal('DRAIN'), reconnect_in_ms: milliseconds, resume_ticket: resumeTicket }),
};

/** From a client. Everything else is refused. */
export const clientMessages = {
  PING: z.strictObject({ type: z.literal('PING') }),
  ACK: z.strictObject({ type: z.literal('ACK'), last_sequence: sequence }),
  REQUEST_STATE: z.strictObject({ type: z.literal('REQUEST_STATE') }),
  REAUTH: z.strictObject({ type: z.literal('REAUTH'), token: z.string() }),
};

export type Position = z.output<typeof position>;
export type Snapshot = z.output<typeof snapshot>;
export type Mode = z.output<typeof serverMessages.WELCOME>['mode'];
export type EventMessage = { type: 'EVENT' } & ExportedEvent;
export type Message = z.output<(typeof serverMessages)[Exclude<keyof typeof serverMessages, 'EVENT'>]> | EventMessage;
