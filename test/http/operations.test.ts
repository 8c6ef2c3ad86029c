/** What operators look at: health, metrics, the interface's description, and the jobs. None of it changes anything. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCsv } from '../../src/feeds/providers/csv.ts';
import { fixedPaths } from '../../src/http/operations/fixedPaths.ts';
import { routes } from '../../src/http/routes.ts';
import { QUEUE_NAMES } from '../../src/infra/queue/queueNames.ts';
import { commands, problems } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import {
  type Cast,
  cast,
  get,
  type Json,
  must,
  openSession,
  type Person,
  person,
  post,
  send,
} from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const SOON = { timeout: 25_000, interval: 50 };
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe.skipIf(isLeftOut)('for operators', () => {
  let stack: Stack;
  let people: Cast;
  let root: Person;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    root = person('super_admin');
    await openSession(stack.url, people);
  });

  afterAll(() => stack.stop());

  test('health says how everything is, to anybody, at once', async () => {
    const each = kind === 'embedded' ? 1 : 2;
    const processes = { api: each, worker: each, relay: each, scheduler: each, signer: 1 };
    for (const api of stack.apis) {
      // Who comes after is counted with the next beat.
      await expect.poll(async () => (await get(api, '/health', null)).body.processes, SOON).toEqual(processes);
      const { status, body, headers } = await get(api, '/health', null);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        ...{ healthy: true, degraded: false, postgres_connected: true },
        redis_connected: kind === 'embedded' ? null : true,
        // The tests' Postgres does not wait for its disk.
        durable: false,
        queue: { pending: expect.any(Number), oldest_pending_seconds: expect.any(Number), dead: 0, as_of: INSTANT },
        active_connections: 0,
        processes,
        unserved_queues: [],
        timestamp: INSTANT,
      });
      expect(await get(api, '/ready', null)).toMatchObject({ status: 200, body: { ready: true } });
    }
  });

  test('health counts the listeners of all relays, in every process', async () => {
    const { session_id } = await openSession(stack.url, people);
    const counted = () =>
      Promise.all(stack.apis.map(async (api) => (await get(api, '/health', null)).body.active_connections));
    const listener = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    await expect.poll(counted, SOON).toEqual(stack.apis.map(() => 1));
    listener.close();
    await expect.poll(counted, SOON).toEqual(stack.apis.map(() => 0));
  });

  test('a balancer may want no API without Redis, and may ask whether the process lives at all', async () => {
    const asked = await get(stack.url, '/health?require=redis', null);
    expect(asked).toMatchObject({ status: kind === 'embedded' ? 503 : 200, body: { healthy: true } });
    expect((await get(stack.url, '/health?require=nothing', null)).status).toBe(200);
    expect(await get(stack.url, '/livez', null)).toMatchObject({ status: 200, body: { alive: true } });
  });

  test('metrics are Prometheus text, with help and type for each', async () => {
    const { status, headers, body } = await get(stack.url, '/metrics', null);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (body.text as string).trim().split('\n');
    const metric = /^[a-z_][a-z0-9_]*(\{([a-z_]+="[^"]*",?)*\})? (NaN|[+-]?Inf|[-+0-9.e]+)$/i;
    for (const line of lines)
      expect(line).toMatch(line.startsWith('#') ? /^# (HELP|TYPE) [a-z_0-9]+ ./ : line === '' ? '' : metric);
    for (const name of ['command_e2e_seconds', 'inbox_pending', 'apply_batch_size', 'process_cpu_seconds_total']) {
      expect(lines).toContainEqual(expect.stringContaining(`# TYPE ${name} `));
    }
    expect(lines).toContainEqual(expect.stringMatching(/^command_e2e_seconds_count\{outcome="applied"\} [1-9]/));
  });

  describe('the description of the interface', () => {
    let document: Json;

    beforeAll(async () => {
      const { status, headers, body } = await get(stack.url, '/api/openapi.json', null);
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
      document = body;
    });

    const operations = (): [route: string, operation: Json][] =>
      Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
        Object.entries<Json>(methods).map(([method, operation]): [string, Json] => [
          `${method.toUpperCase()} ${path}`,
          operation,
        ]),
      );

    test('is OpenAPI 3.1 and lists every route of the three lists, health and the documents', () => {
      expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Plearoll', version: expect.any(String) } });
      const listed = [...commands, ...queries, ...routes].map(({ route }) => route.replaceAll(/[:*](\w+)/g, '{$1}'));
      expect(
        operations()
          .map(([route]) => route)
          .sort(),
      ).toEqual([...listed, ...Object.keys(fixedPaths()).map((path) => `GET ${path}`)].sort());
    });

    test('names every operation once, every path parameter, and an answer of each kind', () => {
      const ids = operations().map(([, { operationId }]) => operationId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [route, { parameters, responses, summary }] of operations()) {
        expect(summary).not.toBe('');
        const inPath = parameters.filter((one: Json) => one.in === 'path').map(({ name }: Json) => `{${name}}`);
        expect({ route, inPath }).toEqual({ route, inPath: route.match(/\{\w+\}/g) ?? [] });
        for (const one of parameters)
          expect(one).toMatchObject({ name: expect.any(String), schema: expect.any(Object) });
        expect(Object.keys(responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
        for (const answer of Object.values<Json>(responses)) expect(answer.description).toEqual(expect.any(String));
      }
    });

    /** The schema itself, where it is named by a reference. */
    const held = (schema: Json) =>
      schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)];

    test('says with which codes each command may be refused', () => {
      for (const { route, rejects, upload } of commands) {
        const type = upload ? 'multipart/form-data' : 'application/json';
        const [method, path] = route.replaceAll(/:(\w+)/g, '{$1}').split(' ') as [string, string];
        const { responses, requestBody } = document.paths[path][method.toLowerCase()];
        expect(Object.keys(requestBody.content)).toEqual([type]);
        expect(held(requestBody.content[type].schema)).toMatchObject({ type: 'object', additionalProperties: false });
        for (const code of [
          ...rejects,
          'validation_failed',
          'idempotency_key_reused',
          'precondition_failed',
        ] as const) {
          expect(responses[problems[code]![0]].description).toContain(`\`${code}\``);
        }
      }
    });

    test('shows what a form with a file is, and that a download is one', () => {
      const { post: upload } = document.paths['/api/session/{session_id}/exhibit/upload'];
      const { schema, encoding } = upload.requestBody.content['multipart/form-data'];
      const fields = { required: ['title', 'file'], properties: { file: { type: 'string', format: 'binary' } } };
      expect(held(schema)).toMatchObject(fields);
      expect(encoding).toMatchObject({ file: { contentType: 'application/pdf, image/png, image/jpeg' } });
      expect(upload.responses[400].description).toContain('`bad_request`');
      const { get: download } = document.paths['/api/session/{session_id}/exhibit/{exhibit_id}/download'];
      expect(Object.keys(download.responses[200].content)).toEqual(['*/*']);
      expect(download.responses[500].description).toContain('`file_damaged`');
    });

    test('shows that a spreadsheet comes by itself, or in a form', () => {
      const { content, required } = document.paths['/api/feed/{feed_id}/upload'].post.requestBody;
      expect([required, Object.keys(content)]).toEqual([true, ['text/csv', 'multipart/form-data']]);
      expect(parseCsv(content['text/csv'].example)).toHaveProperty('schedule');
      const form = content['multipart/form-data'];
      expect(held(form.schema)).toMatchObject({ required: ['file'], properties: { file: { format: 'binary' } } });
      expect(form.encoding.file).toEqual({ contentType: 'text/csv' });
    });

    test('refers to nothing that it does not hold', () => {
      const refs = JSON.stringify(document).match(/"\$ref":"([^"]+)"/g) ?? [];
      expect(refs.length).toBeGreaterThan(0);
      for (const ref of refs) {
        const parts = ref.slice(8, -1).replace('#/', '').split('/');
        expect(parts.reduce<Json | undefined>((at, part) => at?.[part], document)).toBeDefined();
      }
    });

    test('is read on a page that needs nothing from another host', async () => {
      const page = await get(stack.url, '/api/docs', null);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      const policy = page.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
      const links = [...(page.body.text as string).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
      expect(links.length).toBeGreaterThan(2);
      for (const link of links) {
        expect(link).toMatch(/^\/api\/docs\//);
        const asset = await fetch(stack.url + link);
        const text = await asset.text();
        expect([link, asset.status]).toEqual([link, 200]);
        if (link.endsWith('.css')) expect(text).not.toMatch(/@import|url\(["']?(https?:)?\/\//);
        if (link.endsWith('page.js')) expect(text).not.toMatch(/https?:\/\//);
      }
      expect((await get(stack.url, '/api/docs/index.html', null)).status).toBe(404);
    });
  });

  describe('the jobs', () => {
    test('their page loads nothing from elsewhere and asks for no https', async () => {
      const policy = (await get(stack.url, '/jobs/', root)).headers.get('content-security-policy')!;
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toMatch(/https?:|upgrade-insecure-requests/);
    });

    const board = async () => {
      const { status, body } = await get(stack.url, '/jobs/api/queues?activeQueue=commands&jobsPerPage=50', root);
      expect(status).toBe(200);
      return body.queues.map(({ name, counts, isPaused, globalConcurrency, readOnlyMode }: Json) => {
        const { active: _, waiting: __, completed: ___, ...rest } = counts;
        return { name, rest, isPaused, globalConcurrency, readOnlyMode };
      });
    };

    test('are shown to super_admins and to nobody else', async () => {
      for (const path of ['/jobs', '/jobs/', '/jobs/api/queues', '/jobs/queue/commands']) {
        expect(await get(stack.url, path, null)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
        for (const who of [people.admin, people.presiding, people.student]) {
          expect(await get(stack.url, path, who)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        }
        expect((await get(stack.url, path, root)).status).toBe(200);
      }
    });

    test('of every queue are there, and tell no secrets of the commands', async () => {
      expect((await board()).map(({ name }: Json) => name).sort()).toEqual([...QUEUE_NAMES].sort());
      const secret = `secret-${randomUUID()}`;
      const { path } = await openSession(stack.url, people);
      await must(post(stack.url, `${path}/log`, people.admin, { event_type: 'NOTE', details: { secret } }));
      const { body } = await get(stack.url, '/jobs/api/queues?activeQueue=commands&jobsPerPage=50', root);
      const shown = JSON.stringify(body);
      expect(shown).toContain('session.log');
      expect(shown).not.toContain(secret);
    });

    test('are only looked at: nothing can be done to them', async () => {
      const before = await board();
      const { body } = await get(stack.url, '/jobs/api/queues?activeQueue=commands&jobsPerPage=50', root);
      const [job] = body.queues.find(({ name }: Json) => name === 'commands').jobs;
      const at = '/jobs/api/queues';
      const own = `${at}/commands`;
      const deeds = [
        ...[`PUT ${at}/pause`, `PUT ${at}/resume`, `POST ${own}/add`],
        ...[
          'pause',
          'resume',
          'promote',
          'empty',
          'obliterate',
          'retry/completed',
          'clean/completed',
          'clean/wait',
        ].map((deed) => `PUT ${own}/${deed}`),
        ...['concurrency', 'rate-limit', 'rate-limit/release'].map((deed) => `PUT ${own}/${deed}`),
        ...['remove', 'run'].map((deed) => `PUT ${own}/job-schedulers/x/${deed}`),
        `PATCH ${own}/job-schedulers/x`,
        ...['retry', 'clean', 'promote', 'remove-unprocessed-children'].map((deed) => `PUT ${own}/${job.id}/${deed}`),
        ...['update-data', 'delay', 'priority'].map((deed) => `PATCH ${own}/${job.id}/${deed}`),
      ];
      const anything = {
        ...{ concurrency: 1, max: 1, duration: 1, delay: 1, priority: 1, every: 1_000, runAt: Date.now() + 60_000 },
        ...{ name: 'x', data: {}, jobData: {} },
      };
      for (const deed of deeds) {
        const [method, path] = deed.split(' ') as [string, string];
        const { status, body: answer } = await send(stack.url, method, path, root, anything);
        expect({ deed, status, code: answer.code }).toEqual({ deed, status: 405, code: 'method_not_allowed' });
      }
      expect(await board()).toEqual(before);
      expect(before.every(({ isPaused, readOnlyMode }: Json) => !isPaused && readOnlyMode)).toBe(true);
      const still = await get(stack.url, `/jobs/api/queues/commands/${encodeURIComponent(job.id)}`, root);
      expect(still).toMatchObject({ status: 200, body: { job: { id: job.id, data: job.data } } });
      await openSession(stack.url, people);
    });
  });
});
