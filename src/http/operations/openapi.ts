/** OpenAPI 3.1, made from the lists of commands, queries and routes: it cannot say anything that is not served. */
import { z } from 'zod';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { ProblemCode } from '../../core/definitions/problem.ts';
import { commands, problems } from '../../modules.ts';
import { queries } from '../../queries.ts';
import { MAX_FAULTS } from '../door/inputErrors.ts';
import { routes } from '../routes.ts';

const COMMAND_HEADERS = [
  header('Idempotency-Key', 'Send the same key again and get the first outcome again. Kept for 7 days.'),
  header('Prefer', '`wait=<seconds>` (default 5, at most 30) or `respond-async`'),
  header('If-Match', 'Apply only where the stream stands at this sequence, e.g. `"42"`'),
];
const AT_THE_DOOR: ProblemCode[] = [
  'unauthenticated',
  'forbidden',
  'feature_disabled',
  'not_found',
  'rate_limited',
  'validation_failed',
];
const COMMAND_DOOR: ProblemCode[] = [
  ...AT_THE_DOOR,
  'malformed_json',
  'too_large',
  'unsupported_type',
  'idempotency_key_reused',
  'precondition_failed',
  'command_dead',
  'unavailable',
];

export function openApiDocument(version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  const add = (route: string, operation: JsonObject) => {
    const [method, path] = route.split(' ') as [string, string];
    const template = path.replace(/:(\w+)/g, '{$1}');
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => pathParameter(name!));
    const parameters = [...inPath, ...((operation.parameters as JsonObject[] | undefined) ?? [])];
    paths[template] = { ...paths[template], [method.toLowerCase()]: { ...operation, parameters } };
  };
  for (const command of commands) add(command.route, commandOperation(command));
  for (const { route, name, summary, query, roles, attach } of queries) {
    const responses = attach
      ? { 200: FILE, 304: { description: 'Not changed' }, ...refusals([...AT_THE_DOOR, 'file_damaged']) }
      : { 200: json('The answer'), ...refusals(AT_THE_DOOR) };
    const about = { operationId: name, summary, tags: [tagOf(name)], ...(roles === 'anyone' && OPEN_TO_ALL) };
    add(route, { ...about, parameters: queryParameters(query), responses });
  }
  for (const { route, name, summary, query, roles, rejects, media_type } of routes) {
    const door = route.startsWith('POST') ? COMMAND_DOOR : AT_THE_DOOR;
    const answer = media_type === undefined ? json('The answer') : fileOfType(media_type);
    const responses = { 200: answer, ...refusals([...door, ...rejects]) };
    const parameters = query ? queryParameters(query) : [];
    const about = { operationId: name, summary, tags: [tagOf(name)], ...(roles === 'anyone' && OPEN_TO_ALL) };
    add(route, { ...about, parameters, responses });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plearoll',
      version,
      description:
        'Runs live moot-court sessions and keeps a verifiable record. What is sent live over sockets stands in [/api/asyncapi.json](/api/asyncapi.json).',
    },
    paths,
    security: [{ bearer: [] }],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: PROBLEM_SCHEMA, Applied: APPLIED_SCHEMA },
    },
  };
}

/** A question that is answered without a token too. */
const OPEN_TO_ALL = {
  description:
    'Also without a token where the session is public; what is not public is 401 then, like what does not exist.',
  security: [{ bearer: [] }, {}],
};

function commandOperation(command: CommandDefinition): JsonObject {
  const { name, summary, creates, rejects, roles, records } = command;
  const who = roles === 'anyone' ? 'anyone, also without a token where the session is public' : roles.join(', ');
  const what = records.length > 0 ? ` Records ${records.map((event) => event.type).join(', ')}.` : '';
  return {
    operationId: name,
    summary,
    description: `Who: ${who}.${what}`,
    tags: [tagOf(name)],
    parameters: COMMAND_HEADERS,
    requestBody: requestBodyOf(command),
    responses: {
      [creates === undefined ? 200 : 201]: json('Applied', { $ref: '#/components/schemas/Applied' }),
      202: json('Accepted; the outcome is at the Location'),
      ...refusals([...COMMAND_DOOR, ...(command.upload ? ['bad_request'] : []), ...rejects]),
    },
    ...(roles === 'anyone' && { security: [{ bearer: [] }, {}] }),
  };
}

function requestBodyOf({ body, upload }: CommandDefinition): JsonObject {
  const schema = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as JsonObject & {
    required?: string[];
    properties: JsonObject;
  };
  const { required = [], properties } = schema;
  if (!upload) return { required: required.length > 0, content: { 'application/json': { schema } } };
  const { max_bytes, media_types } = upload;
  const file = { type: 'string', format: 'binary', description: `At most ${max_bytes} bytes.` };
  const form = { ...schema, properties: { ...properties, file }, required: [...required, 'file'] };
  const encoding = { file: { contentType: media_types.join(', ') } };
  return { required: true, content: { 'multipart/form-data': { schema: form, encoding } } };
}

/** @param codes of the closed list: a test holds that nothing is refused with another */
function refusals(codes: readonly string[]): Record<string, JsonObject> {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) byStatus.set(problems[code]![0], [...(byStatus.get(problems[code]![0]) ?? []), code]);
  const schema = { $ref: '#/components/schemas/Problem' };
  const answer = (list: string[]) => ({
    description: list.map((code) => `\`${code}\`: ${problems[code]![1]}`).join('; '),
    content: { 'application/problem+json': { schema } },
  });
  return Object.fromEntries([...byStatus].map(([status, list]) => [status, answer(list)]));
}

function json(description: string, schema: JsonObject = { type: 'object' }): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}

function fileOfType(media_type: string): JsonObject {
  return { description: 'The file', content: { [media_type]: { schema: { type: 'string', format: 'binary' } } } };
}

const FILE = {
  description: 'The file, named by us, with its hash as the ETag',
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
};

function queryParameters(query: z.ZodObject): JsonObject[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

function pathParameter(name: string): JsonObject {
  return { name, in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
}

function header(name: string, description: string): JsonObject {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function tagOf(name: string): string {
  return name.split('.')[0]!;
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', examples: ['urn:plearoll:problem:not_found'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problems) },
    instance: { type: 'string' },
    command_id: { type: 'string', format: 'uuid' },
    errors: {
      type: 'array',
      maxItems: MAX_FAULTS,
      items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
    more: { type: 'integer', description: 'Faults that `errors` has no room for' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
};

const APPLIED_SCHEMA = {
  type: 'object',
  required: ['command_id', 'status', 'stream', 'sequence_from', 'sequence_to', 'events', 'result'],
  properties: {
    command_id: { type: 'string', format: 'uuid' },
    status: { const: 'applied' },
    stream: { type: ['string', 'null'] },
    sequence_from: { type: ['integer', 'null'] },
    sequence_to: { type: ['integer', 'null'] },
    events: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          event_sequence: { type: 'integer' },
          event_type: { type: 'string' },
          event_hash: { type: 'string' },
        },
      },
    },
    result: { type: 'object', description: 'The resource after the command, as the matching GET shows it' },
  },
};
