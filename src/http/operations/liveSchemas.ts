/** The schemas of the live protocol as JSON Schema, with the payload of each type of event that a session can record. */
import { z } from 'zod';
import { position } from '../../core/definitions/answers.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { exhibitAnswer } from '../../court/exhibits/exhibit.ts';
import { objectionAnswer } from '../../court/objections/objection.ts';
import { sessionStream } from '../../court/sessions/session.ts';
import { participantAnswer, sessionAnswer } from '../../court/sessions/sessionResource.ts';
import { clockAnswer, turnAnswer } from '../../court/turns/shownTurn.ts';
import { consoleClientMessages, consoleServerMessages } from '../../live/consoleMessages.ts';
import { feedClientMessages, feedServerMessages } from '../../live/feedMessages.ts';
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
  const sent = jsonSchemas(named(galleryServerMessages, nameOf), true);
  return { ...sent, ...jsonSchemas(named(galleryClientMessages, nameOf), false) };
}

/** Of the sockets of feeds. What both sides may say is described as it is sent. */
export function feedSchemas(nameOf: (type: string) => string): Record<string, JsonObject> {
  const heard = jsonSchemas(named(feedClientMessages, nameOf), false);
  return { ...heard, ...jsonSchemas(named(feedServerMessages, nameOf), true) };
}

/** Of the sockets of consoles. */
export function consoleSchemas(nameOf: (type: string) => string): Record<string, JsonObject> {
  const sent = jsonSchemas(named(consoleServerMessages, nameOf), true);
  return { ...sent, ...jsonSchemas(named(consoleClientMessages, nameOf), false) };
}

/** A schema that several kinds have has one name in a registry: each is given one of its own. */
function named(schemas: Record<string, z.ZodObject>, nameOf: (type: string) => string): Record<string, z.ZodObject> {
  return Object.fromEntries(
    Object.entries(schemas).map(([type, schema]) => [nameOf(type), z.strictObject(schema.shape)]),
  );
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
