/** What commands and routes take in, as documents show it: each body a schema with a name, exact, and with an example. */
import type { z } from 'zod';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { commands } from '../../modules.ts';
import type { RouteDefinition } from '../door/route.ts';
import { routes } from '../routes.ts';
import { bodyExample } from './bodyExamples.ts';
import { exampleOf, inputSchema, nameOf, refTo } from './schemas.ts';

type ObjectSchema = JsonObject & { required?: string[]; properties: JsonObject };

/** Every body by its name. Of a route it is the name of its schema, which says here what is taken and nothing besides. */
export function requestSchemas(): Record<string, JsonObject> {
  const ofCommands = commands.map((command) => [requestName(command.name), bodySchema(command)]);
  const ofRoutes = routes.flatMap(({ body }) => (body ? [[nameOf(body), inputSchema(body)]] : []));
  return Object.fromEntries([...ofCommands, ...ofRoutes]);
}

/** `turn.take_over` takes a TurnTakeOverRequest. */
function requestName(operation: string): string {
  const words = operation.split(/[._]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join('')}Request`;
}

function bodySchema({ body, upload }: CommandDefinition): JsonObject {
  const schema = inputSchema(body) as ObjectSchema;
  if (!upload) return schema;
  const file = { type: 'string', format: 'binary', description: `At most ${upload.max_bytes} bytes.` };
  return { ...schema, properties: { ...schema.properties, file }, required: [...(schema.required ?? []), 'file'] };
}

export function commandRequest(command: CommandDefinition): JsonObject {
  const { name, upload } = command;
  const schema = refTo(requestName(name));
  const required = ((bodySchema(command) as ObjectSchema).required ?? []).length > 0;
  if (!upload) return { required, content: { 'application/json': { schema, example: bodyExample(command) ?? {} } } };
  const encoding = { file: { contentType: upload.media_types.join(', ') } };
  return { required: true, content: { 'multipart/form-data': { schema, encoding } } };
}

export function routeRequest({ body }: RouteDefinition & { body: z.ZodObject }): JsonObject {
  return { required: true, content: { 'application/json': { schema: refTo(nameOf(body)), example: exampleOf(body) } } };
}
