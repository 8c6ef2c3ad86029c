/** Who may read metrics where, and what that and the description of the interface cost. */

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bareApp } from '../../src/http/bareApp.ts';
import { metricsAccess, metricsRoutes } from '../../src/http/operations/metricsRoutes.ts';
import { serveMetrics } from '../../src/http/operations/serveMetrics.ts';
import { answerProblems, answerUnknownPath } from '../../src/http/problems.ts';
import { createExpressServer } from '../../src/http/server.ts';
import { type Backbone, openBackbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { privateNames } from '../../src/modules.ts';
import { get } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { isLeftOut, kind, startStack } from '../support/stack.ts';

const TOKEN = 'known-to-the-operator-alone';
const BASE = { DATABASE_URL: 'postgres://x', JWT_SECRET: 'Kx7#pR2vLq9!mZ4tWb8&nY6cHd3@sF5g' };

describe('metrics on a public port', () => {
  const ends: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function serve(env: Record<string, string>): Promise<{ url: string; collected(): number }> {
    const metrics = createMetrics();
    let collected = 0;
    const collect = metrics.registry.metrics.bind(metrics.registry);
    metrics.registry.metrics = () => {
      collected += 1;
      return collect();
    };
    const config = readConfig({ ...BASE, ...env }, 'all');
    const app = bareApp(config);
    app.use(metricsRoutes(metrics, metricsAccess(config)));
    app.use(answerUnknownPath, answerProblems(createLog('silent', 'test')));
    const server = createExpressServer(app);
    const port = await listen(server, '127.0.0.1', 0, 0);
    ends.push(() => closeServer(server));
    return { url: `http://127.0.0.1:${port}`, collected: () => collected };
  }

  test.each([
    ['free on loopback, outside production', { HOST: '127.0.0.1' }, 200, 200],
    ['free on loopback by name', { HOST: 'localhost', METRICS_TOKEN: TOKEN }, 200, 200],
    ['behind their token in production', { NODE_ENV: 'production', METRICS_TOKEN: TOKEN }, 401, 200],
    ['behind their token on every address', { HOST: '0.0.0.0', METRICS_TOKEN: TOKEN }, 401, 200],
    ['nowhere in production without one', { NODE_ENV: 'production' }, 404, 404],
    ['nowhere on every address without one', { HOST: '::' }, 404, 404],
  ])('are %s', async (_, env: Record<string, string>, without, withToken) => {
    const { url } = await serve(env);
    expect((await get(url, '/metrics', null)).status).toBe(without);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await get(url, '/metrics', null, headers)).status).toBe(withToken);
    const wrong = { authorization: `Bearer ${TOKEN}x` };
    expect((await get(url, '/metrics', null, wrong)).status).toBe(without);
  });

  test('are collected once, however many ask at once', async () => {
    const { url, collected } = await serve({});
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 64 }, () => get(url, '/metrics', null)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // What was collected is told for a second.
    expect(collected()).toBeLessThanOrEqual(2 + (performance.now() - began) / 1_000);
  });
});

describe('a port for metrics', () => {
  let database: TestDatabase;
  let backbone: Backbone | undefined;

  beforeAll(async () => {
    database = await cloneDatabase();
    return () => database.drop();
  });

  afterEach(() => backbone?.close());

  const open = async (env: Record<string, string>) => {
    const config = readConfig({ ...BASE, DATABASE_URL: database.url, LOG_LEVEL: 'silent', ...env }, 'all');
    backbone = await openBackbone(config, database.url, 'test', privateNames);
    return serveMetrics(backbone, 0);
  };

  test.each([
    ['is opened where it is set', { METRICS_PORT: '0' }, true],
    ['is opened where they would be nowhere else', { NODE_ENV: 'production' }, true],
    ['is not needed where the public port has them', {}, false],
    ['is not needed where there is a token for them', { NODE_ENV: 'production', METRICS_TOKEN: TOKEN }, false],
  ])('%s', async (_, env: Record<string, string>, isOpened) => {
    const apart = await open(env);
    expect(apart !== undefined).toBe(isOpened);
    if (!apart) return;
    const url = `http://127.0.0.1:${apart.port}`;
    expect((await get(url, '/metrics', null)).status).toBe(200);
    expect((await get(url, '/health', null)).body.code).toBe('not_found');
    await apart.close();
  });
});

test.skipIf(isLeftOut)(`the description of the interface is made once and sent once, ${kind}`, async () => {
  const stack = await startStack();
  try {
    for (const path of [
      '/api/openapi.json',
      '/api/asyncapi.json',
      '/api/docs',
      '/api/docs/page.js',
      '/api/docs/swagger-ui-bundle.js',
    ]) {
      const { status, headers } = await get(stack.url, path, null);
      const tag = headers.get('etag')!;
      expect([path, status, tag]).toEqual([path, 200, expect.stringMatching(/^"[0-9a-f]{32}"$/)]);
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await get(stack.url, path, null, { 'if-none-match': known });
        expect([path, again.status, again.body.text ?? '']).toEqual([path, 304, '']);
      }
      expect((await get(stack.url, path, null, { 'if-none-match': '"other"' })).status).toBe(200);
      const head = await fetch(stack.url + path, { method: 'HEAD' });
      expect([head.status, Number(head.headers.get('content-length')) > 0]).toEqual([200, true]);
    }
  } finally {
    await stack.stop();
  }
});
