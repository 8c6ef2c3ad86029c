/** The guard at the door of the API: what it counts, in which order it is asked, and whom it leaves alone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, openSession, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

let addresses = 0;

describe.skipIf(isLeftOut)('the guard at the door', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;

  beforeAll(async () => {
    stack = await startStack({
      GUARD_MAX_KEYS: '1000',
      TRUSTED_PROXIES: '127.0.0.0/8',
      WS_ALLOWLIST: '198.51.100.0/24',
    });
    people = cast();
    ({ path } = await openSession(stack.url, people, { visibility: 'public' }));
  }, 120_000);

  afterAll(() => stack.stop());

  /** Behind a proxy that is trusted: each test has an address of its own. */
  const visitor = (network = '192.0.2') => {
    addresses += 1;
    const headers = { 'x-forwarded-for': `${network}.${addresses}`, 'x-browser-fingerprint': randomUUID() };
    return (at: string, more: Record<string, string> = {}) => post(stack.url, at, null, {}, { ...headers, ...more });
  };
  const verbs = ['start', 'pause', 'resume', 'complete', 'join'];
  /** Five routes at once, again where they came too slowly to be a burst. */
  async function burst(ask: (at: string, more?: Record<string, string>) => Promise<Answer>, more = {}) {
    const answers: Answer[] = [];
    const began = Date.now();
    while (!codes(answers).includes(429) && Date.now() - began < 20_000) {
      answers.push(...(await Promise.all(verbs.map((verb) => ask(`${path}/${verb}`, more)))));
    }
    return answers;
  }
  const codes = (answers: Answer[]) => answers.map(({ status }) => status);

  test('five different routes at once are one too many: then everything without a token is refused, and says until when', async () => {
    const ask = visitor();
    const answers = await burst(ask);
    expect([...new Set(codes(answers))].sort()).toEqual([401, 429]);
    const again = await ask(`${path}/observe`);
    expect(again).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'block' } });
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(1_700);
    expect(again.headers.get('x-ratelimit-remaining')).toBe('0');
  });

  test('a signed-in person is not counted, and not blocked where the address is', async () => {
    const ask = visitor();
    await burst(ask);
    expect((await ask(`${path}/observe`)).status).toBe(429);
    const headers = { authorization: `Bearer ${people.presiding.token}` };
    const answers = await Promise.all([...verbs, ...verbs].map((verb) => ask(`${path}/turn/${verb}`, headers)));
    expect(codes(answers)).not.toContain(429);
    expect((await ask(`${path}/join`, headers)).status).toBe(422);
  });

  test('a token that is not good is none', async () => {
    const ask = visitor();
    const bad = { authorization: 'Bearer nonsense' };
    expect([...new Set(codes(await burst(ask, bad)))].sort()).toEqual([401, 429]);
  });

  test('twenty commands in two seconds are let by, and the next is refused before its token is asked for', async () => {
    const ask = visitor();
    const answers: Answer[] = [];
    const began = Date.now();
    while (!codes(answers).includes(429) && Date.now() - began < 20_000) {
      answers.push(...(await Promise.all(Array.from({ length: 21 }, () => ask(`${path}/start`)))));
    }
    expect(codes(answers).filter((status) => status === 401).length).toBeGreaterThanOrEqual(20);
    expect(answers.find(({ status }) => status === 429)!.body).toMatchObject({ code: 'rate_limited', limit: 'rate' });
  });

  test('questions are never counted', async () => {
    const ask = visitor();
    const from = { 'x-forwarded-for': `192.0.2.${addresses}` };
    const answers = await Promise.all(Array.from({ length: 40 }, () => get(stack.url, path, null, from)));
    expect(new Set(codes(answers))).toEqual(new Set([200]));
    expect((await ask(`${path}/observe`)).status).toBe(201);
  });

  test('a browser of a venue is blocked, and its neighbours are not', async () => {
    const ask = visitor('198.51.100');
    expect(codes(await burst(ask))).toContain(429);
    expect((await ask(`${path}/observe`)).status).toBe(429);
    expect((await ask(`${path}/observe`, { 'x-browser-fingerprint': 'another' })).status).toBe(201);
  });

  test('a fingerprint of 4 KiB, or none, is as good as any', async () => {
    const ask = visitor();
    expect((await ask(`${path}/observe`, { 'x-browser-fingerprint': 'f'.repeat(4_096) })).status).toBe(201);
    const from = { 'x-forwarded-for': `192.0.2.${addresses}` };
    expect((await post(stack.url, `${path}/observe`, null, {}, from)).status).toBe(201);
  });

  test('what a command was answered under its Idempotency-Key it is answered again, though the address is blocked since', async () => {
    const ask = visitor();
    const key = { 'idempotency-key': randomUUID() };
    const first = await ask(`${path}/observe`, key);
    await burst(ask);
    const again = await ask(`${path}/observe`, key);
    expect([again.status, again.body.command_id]).toEqual([201, first.body.command_id]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await ask(`${path}/observe`, { 'idempotency-key': randomUUID() })).status).toBe(429);
  });

  test('an address that an untrusted peer writes down is not believed', async () => {
    const apart = await startStack({ GUARD_MAX_KEYS: '1000' });
    try {
      const spoofed = (i: number) => ({ 'x-forwarded-for': `203.0.113.${i}`, 'cf-connecting-ip': `203.0.113.${i}` });
      const to = `/api/session/${randomUUID()}`;
      const answers: Answer[] = [];
      const began = Date.now();
      while (!codes(answers).includes(429) && Date.now() - began < 20_000) {
        const asking = verbs.map((verb, i) => post(apart.url, `${to}/${verb}`, null, {}, spoofed(i)));
        answers.push(...(await Promise.all(asking)));
      }
      expect(codes(answers)).toContain(429);
    } finally {
      await apart.stop();
    }
  });

  test('the record of the session is as it was', () => expectIntact(stack.url, path.split('/').at(-1)!, people.admin));
});
