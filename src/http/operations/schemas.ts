/** Zod schemas as the JSON Schemas of documents: those with a name stand once, and are pointed at. */
import { z } from 'zod';
import { components } from '../../core/definitions/answers.ts';
import type { EventDefinition, JsonObject } from '../../core/definitions/event.ts';
import { sessionStream } from '../../court/sessions/session.ts';
import { catalog } from '../../modules.ts';

const AT = '#/components/schemas/';

export function refTo(name: string): JsonObject {
  return { $ref: AT + name };
}

/** Name and example of each schema that has one. */
export function nameOf(schema: z.ZodType): string {
  return components.get(schema)!.id;
}

export function refOf(schema: z.ZodType): JsonObject {
  return refTo(nameOf(schema));
}

export function exampleOf(schema: z.ZodType): unknown {
  return components.get(schema)!.example;
}

/** Types of events in the order of their names. */
export const eventTypes: readonly EventDefinition[] = [...catalog.events.values()].sort((one, other) =>
  one.type < other.type ? -1 : 1,
);

const payloadName = (type: string) => `${type}.payload`;

/** Everything that is answered, and the payloads of events. A later version may say more: clients pass over what they do not know. */
export function answerSchemas(): Record<string, JsonObject> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, { id }] of components) registry.add(schema, { id });
  for (const { type, payload } of eventTypes) registry.add(payload, { id: payloadName(type) });
  return jsonSchemas(registry);
}

/** The same, where an event of a session says what its payload is by its type. */
export function eventSchemas(schemas: Record<string, JsonObject>): Record<string, JsonObject> {
  const known = eventTypes.filter(({ stream }) => stream.kind === sessionStream.kind);
  const ofType = ({ type }: EventDefinition) => {
    const payload = { anyOf: [{ $ref: `${AT}${payloadName(type)}` }, { type: 'null' }] };
    return { title: type, type: 'object', properties: { event_type: { const: type }, payload } };
  };
  const own = { event_type: { type: 'string', not: { enum: known.map(({ type }) => type) } } };
  const oneOf = [...known.map(ofType), { title: 'A type of your own', type: 'object', properties: own }];
  return { ...schemas, Event: { ...schemas.Event, oneOf } };
}

/** The payload of every type of event, as a JSON Schema of its own. */
export function eventsDocument(version: string): JsonObject {
  const schemas = answerSchemas();
  const payloads = eventTypes.map(({ type, stream }) => [
    type,
    { title: type, description: `In streams of the kind ${stream.kind}.`, ...schemas[payloadName(type)] },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Plearoll ${version}: payloads of events`,
    description: 'By type. Types of your own may hold anything; a payload that was erased is null.',
    $defs: Object.fromEntries(payloads),
  };
}

function jsonSchemas(registry: z.core.$ZodRegistry<{ id: string }>): Record<string, JsonObject> {
  const { schemas } = z.toJSONSchema(registry, {
    unrepresentable: 'any',
    uri: (id) => `${AT}${id}`,
    override({ jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id, $schema, ...schema }]) => [id, schema as JsonObject]),
  );
}

/** What is taken in, which is exact. */
export function inputSchema(schema: z.ZodType): JsonObject {
  const { $schema, ...made } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return made as JsonObject;
}
