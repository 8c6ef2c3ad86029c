/** Browsers of other origins: only those that are named, with the headers that a client needs. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, cast, get, post, send } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const NAMED = 'https://board.example';
const words = (text: string | null) => (text ?? '').toLowerCase().split(/ *, */);

describe.skipIf(isLeftOut)('a browser', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ CORS_ORIGINS: `${NAMED}, https://tab.example`, RATE_LIMIT_GENERAL_PER_MINUTE: '100' });
  });

  afterAll(() => stack.stop());

  const preflight = (origin: string) =>
    send(stack.url, 'OPTIONS', `/api/session/${randomUUID()}/start`, null, undefined, {
      ...{ origin, 'access-control-request-method': 'POST' },
      'access-control-request-headers': 'prefer, idempotency-key, if-match, traceparent, authorization',
    });

  test('of a named origin may send what steers a command', async () => {
    const { status, headers } = await preflight(NAMED);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(NAMED);
    expect(words(headers.get('access-control-allow-headers'))).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'prefer', 'idempotency-key', 'if-match', 'traceparent']),
    );
  });

  test('reads the headers of every answer, refusals included', async () => {
    const people = cast();
    const headers = { origin: NAMED };
    const answers = [
      await post(stack.url, '/api/assignment/create', people.admin, assignmentBody(people), headers),
      await post(stack.url, '/api/assignment/create', people.student, {}, headers),
      await get(stack.url, '/api/assignment/list', null, headers),
      await get(stack.url, '/api/nowhere', people.admin, headers),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 403, 401, 404]);
    for (const answer of answers) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(NAMED);
      expect(words(answer.headers.get('access-control-expose-headers'))).toEqual(
        expect.arrayContaining([
          ...['location', 'retry-after', 'etag', 'preference-applied'],
          ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
        ]),
      );
    }
  });

  test('of any other origin is told nothing', async () => {
    for (const origin of ['https://evil.example', `${NAMED}.evil.example`, 'null']) {
      const { headers } = await preflight(origin);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
