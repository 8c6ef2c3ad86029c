/** A worker's health server answers byte for byte what the same routes answer on Express. */
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareApp } from '../../src/http/bareApp.ts';
import { healthRoutes } from '../../src/http/operations/health.ts';
import { metricsRoutes } from '../../src/http/operations/metricsRoutes.ts';
import { createExpressServer } from '../../src/http/server.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { closeServer, listen, tellOfOtherPort } from '../../src/infra/process/httpServer.ts';
import { createHealthServer } from '../../src/infra/process/plainHealth.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import type { Health, Probe } from '../../src/infra/telemetry/probe.ts';

let health: Partial<Health>;
let isReady: boolean;
let hasFailed: boolean;
const probe = { health: () => health, isReady: () => isReady } as Probe;
const registry = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  metrics: async () => {
    if (hasFailed) throw new Error('not to be collected');
    return '# HELP größe one\ngröße 1\n';
  },
};
const metrics = { registry } as unknown as Metrics;
const faults: string[] = [];
const servers: { [name: string]: { server: Server; port: number } } = {};

beforeAll(async () => {
  // A fault on Express shows its stack to developers, and says no more than its status in production.
  const app = bareApp(readConfig({}, 'all'))
    .set('env', 'production')
    .use(healthRoutes(probe), metricsRoutes(metrics, 'open'));
  for (const [name, server] of Object.entries({
    express: createExpressServer(app),
    plain: createHealthServer(probe, metrics, (fault) => faults.push(fault.message)),
  })) {
    servers[name] = { server, port: await listen(server, '127.0.0.1', 0, 0) };
  }
});
afterAll(() => Promise.all(Object.values(servers).map(({ server }) => closeServer(server))));

/** All that the server sends on one connection, but for the time of day and ids that it made. */
function ask(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'));
    const pieces: Buffer[] = [];
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', reject);
    socket.on('close', () => {
      const text = Buffer.concat(pieces).toString('latin1');
      resolve(text.replace(/^Date: .*$/gm, 'Date').replace(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22,}/g, 'made'));
    });
  });
}

const of = (line: string, ...more: string[]) =>
  [`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...more, '', ''].join('\r\n');
const HEALTHY = { healthy: true, degraded: true, redis_connected: false } as const;

const REQUESTS: [asked: string, request: string][] = [
  ...['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'].flatMap((method) =>
    ['/health', '/ready', '/livez', '/metrics', '/nothing', '/'].map((path): [string, string] => [
      `${method} ${path}`,
      of(`${method} ${path}`, ...(method === 'POST' ? ['Content-Length: 0'] : [])),
    ]),
  ),
  ...[
    ...[
      '/health?require=redis',
      '/health?require=queue',
      '/health?require=redis&require=redis',
      '/Health/',
      '/health//',
    ],
    ...[
      '/health/x',
      '/healthy',
      '//health',
      '/metrics?x=1',
      '/metrics/',
      '/nothing?a=b',
      '/%zz',
      '/%41',
      '/a"b<c>d&e\'f',
    ],
    ...[
      '/gr\u00f6\u00dfe',
      '/a b'.replace(' ', '%20'),
      'http://b/health',
      'http://b/nothing?x',
      '/constructor',
      '/__proto__',
    ],
  ].map((path): [string, string] => [`GET ${path}`, of(`GET ${path}`)]),
  ['a request id that is taken over', of('GET /ready', 'X-Request-Id: my-id_1')],
  ['a request id that is not', of('GET /ready', 'X-Request-Id: no id')],
  ['two hosts', 'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a body that nobody wants', `${of('POST /nothing', 'Content-Length: 5')}hello`],
  ['no such method', of('BREW /health')],
  ['two requests ahead of their answers', `GET /ready HTTP/1.1\r\nHost: a\r\n\r\n${of('GET /livez')}`],
];

test.each([
  ['well', HEALTHY, true],
  ['ill', { ...HEALTHY, healthy: false }, false],
  ['with Redis', { ...HEALTHY, redis_connected: true }, true],
] as const)('%s, every request is answered with the same bytes', async (_, now, ready) => {
  health = now;
  isReady = ready;
  hasFailed = false;
  for (const [asked, request] of REQUESTS) {
    const [express, plain] = await Promise.all(['express', 'plain'].map((name) => ask(servers[name]!.port, request)));
    expect(express, asked).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
    expect(plain, asked).toBe(express);
  }
});

test('metrics that cannot be collected are a fault that tells nothing', async () => {
  hasFailed = true;
  // A page collected for an earlier test is answered for a second.
  await expect.poll(() => ask(servers.plain!.port, of('GET /metrics'))).toMatch(/^HTTP\/1\.1 500 /);
  expect(faults[0]).toBe('not to be collected');
  expect(await ask(servers.plain!.port, of('GET /metrics'))).not.toContain('collected');
});

test('a process whose usual metrics port is taken says where its metrics are, and no other does (P2-5)', async () => {
  const told: object[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void told.push(JSON.parse(line)) });
  const taken = createServer();
  const usual = await listen(taken, '127.0.0.1', 0, 0);
  const server = createServer();
  try {
    const port = await listen(server, '127.0.0.1', undefined, usual);
    tellOfOtherPort(log, undefined, usual, port);
    tellOfOtherPort(log, undefined, usual, usual);
    tellOfOtherPort(log, port, usual, port);
    expect(told).toMatchObject([{ usual, metrics_port: port, msg: 'usual metrics port taken' }]);
  } finally {
    await Promise.all([closeServer(server), closeServer(taken)]);
  }
});
