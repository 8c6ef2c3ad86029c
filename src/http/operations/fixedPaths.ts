/** Operations that no list has: health, and the documents. Nobody needs a token for them. */
import type { z } from 'zod';
import type { JsonObject } from '../../core/definitions/event.ts';
import { aliveAnswer, healthAnswer, readyAnswer } from './operationAnswers.ts';
import { exampleOf, refOf } from './schemas.ts';

const OPEN = { security: [] };

export function fixedPaths(): JsonObject {
  const again = { 503: answered('The same, and not of use', healthAnswer) };
  return {
    '/health': get('health.get', 'How this server and what it leans on are doing; 503 only without Postgres', {
      parameters: [
        {
          ...{ name: 'require', in: 'query', required: false, schema: { type: 'string', enum: ['redis'] } },
          description: '`redis`: 503 without Redis too',
        },
      ],
      responses: { 200: answered('It is of use', healthAnswer), ...again },
    }),
    '/ready': get('health.ready', 'Whether a balancer may send requests here', {
      responses: { 200: answered('It may', readyAnswer), 503: answered('It may not', readyAnswer) },
    }),
    '/livez': get('health.alive', 'Whether the process lives: that it is answered is the answer', {
      responses: { 200: answered('It lives', aliveAnswer) },
    }),
    '/problem': get('documents.problems', 'The codes of all problems, for people', { responses: { 200: PAGE } }),
    '/problem/{code}': get('documents.problem', 'What the code of a problem means, for people', {
      parameters: [{ name: 'code', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 200: PAGE, 404: { description: 'No problem has this code' } },
    }),
    '/api/openapi.json': get('documents.openapi', 'This document', { responses: { 200: DOCUMENT } }),
    '/api/asyncapi.json': get('documents.asyncapi', 'What is sent over sockets, as AsyncAPI', {
      responses: { 200: DOCUMENT },
    }),
    '/api/events.json': get('documents.events', 'The payloads of all types of events, as JSON Schema', {
      responses: { 200: DOCUMENT },
    }),
  };
}

const PAGE = { description: 'A page', content: { 'text/html': { schema: { type: 'string' } } } };

const DOCUMENT = {
  description: 'The document',
  content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
};

function get(operationId: string, summary: string, rest: JsonObject): JsonObject {
  return { get: { operationId, summary, tags: [operationId.split('.')[0]], parameters: [], ...OPEN, ...rest } };
}

function answered(description: string, schema: z.ZodType): JsonObject {
  return { description, content: { 'application/json': { schema: refOf(schema), example: exampleOf(schema) } } };
}
