/**
 * What is answered, as schemas: those that documents show bear a name there, and an example. The types of what is read and
 * of what comes of a command follow from them. What is answered is not checked again: tests check every answer that they get.
 */
import { z } from 'zod';

interface Component {
  /** As documents call it. */
  id: string;
  example: unknown;
}

/** Every schema that documents show under a name of its own. */
export const components = new Map<z.ZodType, Component>();

/** The schema with its name. To be named last: a schema that is made of a named one has none. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema, example: z.output<Schema>): Schema {
  components.set(schema, { id, example });
  return schema;
}

/** A page of a list. */
export function listOf<Item extends z.ZodType>(id: string, item: Item) {
  const example = { items: [components.get(item)!.example as z.output<Item>], next_cursor: null };
  const list = z.strictObject({
    items: z.array(item),
    /** Null where nothing is left. */
    next_cursor: z.string().nullable(),
  });
  return named(id, list, example as z.output<typeof list>);
}

export const text = z.string();
export const uuid = z.guid();
export const count = z.int().min(0);
/** RFC 3339, UTC, with milliseconds. */
export const at = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time' });
export const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** `system`, or the id of a user. */
export const actor = z.string().regex(/^[a-z0-9:_-]{1,64}$/);

/** Where a stream, or a state folded from it, stands: an event's number and its hash. */
export const position = z.strictObject({ event_sequence: count, event_hash: hash });
