/** What commands and routes take in, as documents show it: each body a schema with a name, exact, and with an example. */
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
  const ofFiles = routes.flatMap(({ file }) => (file ? [[file.name, formSchema(file)]] : []));
  return Object.fromEntries([...ofCommands, ...ofRoutes, ...ofFiles]);
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

type File = NonNullable<RouteDefinition['file']>;

function formSchema({ max_bytes }: File): JsonObject {
  const file = { type: 'string', format: 'binary', description: `At most ${max_bytes} bytes.` };
  return { type: 'object', properties: { file }, required: ['file'], additionalProperties: false };
}

export function commandRequest(command: CommandDefinition): JsonObject {
  const { name, upload } = command;
  const schema = refTo(requestName(name));
  const required = ((bodySchema(command) as ObjectSchema).required ?? []).length > 0;
  if (!upload) return { required, content: { 'application/json': { schema, example: bodyExample(command) ?? {} } } };
  const encoding = { file: { contentType: upload.media_types.join(', ') } };
  return { required: true, content: { 'multipart/form-data': { schema, encoding } } };
}

/** Undefined where it takes none. */
export function routeRequest({ body, file }: RouteDefinition): JsonObject | undefined {
  if (file) return fileRequest(file);
  if (!body) return undefined;
  return { required: true, content: { 'application/json': { schema: refTo(nameOf(body)), example: exampleOf(body) } } };
}

function fileRequest({ name, media_type, max_bytes, example }: File): JsonObject {
  const text = { type: 'string', description: `At most ${max_bytes} bytes.` };
  const form = { schema: refTo(name), encoding: { file: { contentType: media_type } } };
  return { required: true, content: { [media_type]: { schema: text, example }, 'multipart/form-data': form } };
}
