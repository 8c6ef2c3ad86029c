/** `/`: what its page may load, and who may spend the code of the first look round. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homePageRoutes } from '../src/http/operations/homePage.ts';
import { answerProblems, answerUnknownPath } from '../src/http/problems.ts';
import { createTrial, type Trial } from '../src/infra/trial.ts';
import type { Json } from './support/client.ts';

const log = { error: () => {}, warn: () => {}, info: () => {} } as never;
let trial: Trial;
let servers: { close(): void }[];
let url: string;
let withoutTrial: string;

beforeAll(async () => {
  trial = createTrial(JSON.stringify);
  const serve = (offered: Trial | undefined) => {
    const app = express();
    app.use(
      homePageRoutes({ version: '9.8.7', isWhole: true, trial: offered }),
      answerUnknownPath,
      answerProblems(log),
    );
    return app.listen(0, '127.0.0.1');
  };
  const [one, other] = [serve(trial), serve(undefined)];
  servers = [one, other];
  const address = async (server: typeof one) => {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  [url, withoutTrial] = await Promise.all([address(one), address(other)]);
});
afterAll(() => {
  for (const server of servers) server.close();
});

const redeem = (headers: Record<string, string>, body: object = { code: trial.code }, at = url) =>
  fetch(`${at}/try`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('the page says what runs, loads nothing from elsewhere, and runs only what stands in it', async () => {
  const response = await fetch(url);
  const page = await response.text();
  expect(page).toContain('Version 9.8.7, all of it in one process.');
  for (const path of ['/api/docs', '/jobs', '/live', '/examples/scoreboard.html'])
    expect(page).toContain(`href="${path}"`);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  const policy = response.headers.get('content-security-policy')!;
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'self' 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/,
  );
  expect(policy).not.toContain('unsafe');
});

test.each([
  ['no origin', () => ({})],
  ['another site', () => ({ origin: 'https://evil.example' })],
  ['another port of this machine', () => ({ origin: 'http://127.0.0.1:1' })],
  ['another scheme', () => ({ origin: url.replace('http:', 'https:') })],
  ['null, as a file has it', () => ({ origin: 'null' })],
])('with %s the code is not taken, and stays good', async (_, headers) => {
  const response = await redeem(headers() as Record<string, string>);
  expect([response.status, ((await response.json()) as Json).code]).toEqual([403, 'forbidden']);
});

test('what is no code, or another, is refused; the code itself is good once and is kept by nobody', async () => {
  const own = { origin: url };
  expect((await redeem(own, {})).status).toBe(422);
  expect((await redeem(own, { code: 'x'.repeat(101) })).status).toBe(422);
  expect((await redeem(own, { code: 'wrong' })).status).toBe(401);
  const response = await redeem(own);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(JSON.parse(((await response.json()) as Json).token)).toMatchObject({ role: 'admin' });
  expect((await redeem(own)).status).toBe(401);
});

test('where none is offered there is no such route', async () => {
  expect((await redeem({ origin: withoutTrial }, { code: 'x' }, withoutTrial)).status).toBe(404);
});
