/**
 * Private text: what people write, or are called. It is marked in the schema of the body or payload that holds it, and
 * logs and the dashboard omit whatever stands under the name of a marked field.
 */
import { z } from 'zod';

/** Not part of a schema's metadata: documents made from schemas say nothing of it. */
const marked = z.registry<object>();

/** The same schema, marked. To be marked last: a schema that is made of a marked one is not. */
export function privately<Schema extends z.ZodType>(schema: Schema): Schema {
  const copy = schema.clone() as Schema;
  marked.add(copy as never, {});
  return copy;
}

/** Text as it was recorded. */
export const privateText = privately(z.string());

/** The names of the fields, at any depth, whose schema is marked, or made of nothing but a marked one. */
export function privateNamesOf(schemas: Iterable<z.ZodType>): string[] {
  const names = new Set<string>();
  for (const schema of schemas) for (const { name, isPrivate } of fieldsOf(schema)) if (isPrivate) names.add(name);
  return [...names];
}

export interface Field {
  name: string;
  schema: z.ZodType;
  isPrivate: boolean;
}

/** The innermost schemas within this one, and the marked ones, each with the name of the field that it describes. */
export function* fieldsOf(schema: z.ZodType, name = ''): Generator<Field> {
  const within = schemasWithin(schema);
  const isPrivate = marked.has(schema as never);
  if (isPrivate || within.length === 0) yield { name, schema, isPrivate };
  else for (const [field, inner] of within) yield* fieldsOf(inner, field ?? name);
}

/** The schemas that this one is made of: the fields of an object with their names, all others without. */
function schemasWithin(schema: z.ZodType): [name: string | undefined, z.ZodType][] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.shape as Record<string, z.ZodType>);
  const parts = Object.values(schema.def as object).flat();
  return parts.filter((part) => part instanceof z.ZodType).map((part) => [undefined, part]);
}
