/** The schemas of the live protocol as JSON Schema, with the payload of each type of event that a session can record. */
import { z } from 'zod';
import { position } from '../../core/definitions/answers.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { exhibitAnswer } from '../../court/exhibits/exhibit.ts';
import { objectionAnswer } from '../../court/objections/objection.ts';
import { sessionStream } from '../../court/sessions/session.ts';
import { participantAnswer, sessionAnswer } from '../../court/sessions/sessionResource.ts';
import { clockAnswer, turnAnswer } from '../../court/turns/shownTurn.ts';
import { galleryClientMessages, galleryServerMessages } from '../../live/galleryMessages.ts';
import { clientMessages, serverMessages } from '../../live/messages.ts';
import { presence, snapshot } from '../../live/snapshot.ts';
import { catalog } from '../../modules.ts';

const AT = '#/components/schemas/';
const RESOURCES = {
  Position: position,
  Session: sessionAnswer,
  Turn: turnAnswer,
  Clock: clockAnswer,
  Participant: participantAnswer,
  Objection: objectionAnswer,
  Exhibit: exhibitAnswer,
  Presence: presence,
  Snapshot: snapshot,
};

export function liveSchemas(): Record<string, JsonObject> {
  const types = [...catalog.events.values()].filter(({ stream }) => stream.kind === sessionStream.kind);
  const payloads = Object.fromEntries(types.map(({ type, payload }) => [`${type}.payload`, payload]));
  const sent = jsonSchemas({ ...RESOURCES, ...serverMessages, ...payloads }, true);
  const { EVENT: event } = sent;
  const byType = types.map(({ type }) => {
    const payload = { anyOf: [{ $ref: `${AT}${type}.payload` }, { type: 'null' }] };
    return { title: type, properties: { event_type: { const: type }, payload } };
  });
  const own = {
    title: 'A type of your own',
    properties: { event_type: { not: { enum: types.map(({ type }) => type) } } },
  };
  return { ...sent, EVENT: { ...event, oneOf: [...byType, own] }, ...jsonSchemas(clientMessages, false) };
}

/** Of a gallery's sockets. @param nameOf each among the schemas of all */
export function gallerySchemas(nameOf: (type: string) => string): Record<string, JsonObject> {
  const named = <T>(schemas: Record<string, T>) =>
    Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [nameOf(type), schema]));
  // A schema that is both sides' has one name in a registry.
  const sent = jsonSchemas(
    named({ ...galleryServerMessages, ERROR: z.strictObject(galleryServerMessages.ERROR.shape) }),
    true,
  );
  return { ...sent, ...jsonSchemas(named(galleryClientMessages), false) };
}

/** @param isOpen a later version may say more: a client passes over what it does not know */
function jsonSchemas(schemas: Record<string, z.ZodType>, isOpen: boolean): Record<string, JsonObject> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, {
    target: 'draft-07',
    unrepresentable: 'any',
    uri: (id) => `${AT}${id}`,
    override({ jsonSchema }) {
      if (isOpen && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $id, $schema, ...schema }]) => [id, schema as JsonObject]),
  );
}
