/** OpenAPI 3.1, made from the lists of commands, queries and routes: it cannot say anything that is not served. */
import type { z } from 'zod';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { ProblemCode } from '../../core/definitions/problem.ts';
import type { QueryDefinition } from '../../core/definitions/query.ts';
import { commands, problems } from '../../modules.ts';
import { queries } from '../../queries.ts';
import { acceptedAnswer, appliedAnswer } from '../commands/commandAnswers.ts';
import { IDS_OF_OTHERS, type RouteDefinition } from '../door/route.ts';
import { problemAnswer } from '../problemAnswer.ts';
import { routes } from '../routes.ts';
import { ABOUT, HOW_TO_GET_A_TOKEN } from './aboutApi.ts';
import { fixedPaths } from './fixedPaths.ts';
import { commandRequest, requestSchemas, routeRequest } from './requests.ts';
import { answerSchemas, eventSchemas, exampleOf, inputSchema, refOf } from './schemas.ts';
import { tagOf, tagsOf } from './tags.ts';

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

/** @param public_url at which the public finds this server; without it, wherever the document came from */
export function openApiDocument(version: string, public_url = '/'): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  const add = (route: string, operation: JsonObject) => {
    const [method, path] = route.split(' ') as [string, string];
    const template = path.replace(/[:*](\w+)/g, '{$1}');
    const inPath = [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => pathParameter(name!));
    const parameters = [...inPath, ...((operation.parameters as JsonObject[] | undefined) ?? [])];
    paths[template] = { ...paths[template], [method.toLowerCase()]: { ...operation, parameters } };
  };
  for (const command of commands) add(command.route, commandOperation(command));
  for (const query of queries) add(query.route, queryOperation(query));
  for (const route of routes) add(route.route, routeOperation(route));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plearoll',
      version,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      description: ABOUT,
    },
    servers: [{ url: public_url, description: 'This server' }],
    tags: tagsOf([...commands, ...queries, ...routes].map(({ name }) => name)),
    paths: { ...paths, ...fixedPaths() },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: HOW_TO_GET_A_TOKEN },
      },
      schemas: { ...eventSchemas(answerSchemas()), ...requestSchemas() },
    },
  };
}

/** A question that is answered without a token too. */
const OPEN_TO_ALL = {
  description:
    'Also without a token where the session is public; what is not public is 401 then, like what does not exist.',
  security: [{ bearer: [] }, {}],
};

type About = Pick<QueryDefinition, 'name' | 'summary' | 'roles' | 'boards'>;
/** The roles that may ask, in words. */
function whoOf(roles: readonly string[], boards: true | undefined): string {
  return `Who: ${[...roles, ...(boards ? ['boards'] : [])].join(', ')}.`;
}

const about = ({ name, summary, roles, boards }: About) => ({
  ...{ operationId: name, summary, tags: [tagOf(name)] },
  ...(roles === 'anyone' ? OPEN_TO_ALL : { description: whoOf(roles, boards) }),
});

function queryOperation(query: QueryDefinition): JsonObject {
  const responses = query.answer
    ? { 200: answered('The answer', query.answer), ...refusals(AT_THE_DOOR) }
    : { 200: FILE, 304: { description: 'Not changed' }, ...refusals([...AT_THE_DOOR, 'file_damaged']) };
  return { ...about(query), parameters: queryParameters(query.query), responses };
}

function routeOperation(route: RouteDefinition): JsonObject {
  const { answer, status = 200, accepted, media_type = '*/*', query, rejects } = route;
  const requestBody = routeRequest(route);
  const door = route.route.startsWith('POST') ? COMMAND_DOOR : AT_THE_DOOR;
  const responses = {
    ...((answer || !accepted) && { [status]: answer ? answered('The answer', answer) : fileOfType(media_type) }),
    ...(accepted && { 202: answered('Under way; the answer is at the Location', accepted) }),
    ...refusals([...door, ...rejects]),
  };
  return {
    ...about(route),
    parameters: query ? queryParameters(query) : [],
    ...(requestBody && { requestBody }),
    responses,
  };
}

function commandOperation(command: CommandDefinition): JsonObject {
  const { name, summary, creates, rejects, roles, records, resource } = command;
  const who = roles === 'anyone' ? 'anyone, also without a token where the session is public' : roles.join(', ');
  const what = records.length > 0 ? ` Records ${records.map((event) => event.type).join(', ')}.` : '';
  return {
    operationId: name,
    summary,
    description: `Who: ${who}.${what}`,
    tags: [tagOf(name)],
    parameters: COMMAND_HEADERS,
    requestBody: commandRequest(command),
    responses: {
      [creates === undefined ? 200 : 201]: answered('Applied', appliedAnswer(resource)),
      202: answered('Accepted; the outcome is at the Location', acceptedAnswer),
      ...refusals([...COMMAND_DOOR, ...(command.upload ? ['bad_request'] : []), ...rejects]),
    },
    ...(roles === 'anyone' && { security: [{ bearer: [] }, {}] }),
  };
}

/** @param codes of the closed list: a test holds that nothing is refused with another */
function refusals(codes: readonly string[]): Record<string, JsonObject> {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) byStatus.set(problems[code]![0], [...(byStatus.get(problems[code]![0]) ?? []), code]);
  const answer = (list: string[]) => ({
    description: list.map((code) => `\`${code}\`: ${problems[code]![1]}`).join('; '),
    content: { 'application/problem+json': { schema: refOf(problemAnswer) } },
  });
  return Object.fromEntries([...byStatus].map(([status, list]) => [status, answer(list)]));
}

function answered(description: string, schema: z.ZodType): JsonObject {
  return { description, content: { 'application/json': { schema: refOf(schema), example: exampleOf(schema) } } };
}

function fileOfType(media_type: string): JsonObject {
  return { description: 'The file', content: { [media_type]: { schema: { type: 'string', format: 'binary' } } } };
}

const FILE = {
  description: 'The file, named by us, with its hash as the ETag',
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
};

function queryParameters(query: z.ZodObject): JsonObject[] {
  const { properties = {} } = inputSchema(query) as { properties?: JsonObject };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

function pathParameter(name: string): JsonObject {
  const isUuid = /(^|_)id$/.test(name) && !IDS_OF_OTHERS.includes(name);
  return {
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(isUuid && { format: 'uuid' }) },
  };
}

function header(name: string, description: string): JsonObject {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}
