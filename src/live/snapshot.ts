/** A session's state as a listener is shown it, as a schema: the same resources that the API answers. */
import { z } from 'zod';
import { count, position, uuid } from '../core/definitions/answers.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import { exhibitAnswer } from '../court/exhibits/exhibit.ts';
import { objectionAnswer } from '../court/objections/objection.ts';
import { SEAT_STATES } from '../court/sessions/session.ts';
import { participantAnswer, sessionAnswer } from '../court/sessions/sessionResource.ts';
import { clockAnswer, turnAnswer } from '../court/turns/shownTurn.ts';

/** Of a roster: the status says whether sockets of theirs are open. */
export const presence = z.strictObject({
  /** Connections that listen, of everybody. */
  listeners: count,
  participants: z.array(z.strictObject({ user_id: uuid, status: z.enum(SEAT_STATES) })),
});

/** The sender takes these as it read them; they are not checked again when they are sent. */
const shown = (schema: z.ZodObject) => schema as unknown as z.ZodType<JsonObject>;

export const snapshot = z.strictObject({
  session: shown(sessionAnswer),
  participants: z.array(shown(participantAnswer)),
  turn: turnAnswer.nullable() as z.ZodType<unknown>,
  clock: clockAnswer.nullable() as z.ZodType<unknown>,
  objections: z.array(shown(objectionAnswer)),
  exhibits: z.array(shown(exhibitAnswer)),
  presence: presence.exactOptional(),
  head: position,
  /** The head as a note signed by the head key; null where this relay has none. */
  signed_head: z.string().nullable().exactOptional(),
});
