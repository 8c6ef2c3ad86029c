/**
 * The guard when what it counts by fails: Redis away, wiped in the middle of a burst, or full of keys, at two instances that
 * share it. A Redis of its own, that may be killed.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RULES } from '../../src/guard/rules.ts';
import { type Answer, type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const WAIT = { timeout: 25_000 };
const VERBS = ['start', 'pause', 'resume', 'complete'];
const MOST_KEYS = 60;

describe.skipIf(isLeftOut || inject('redisUrl') === null || kind === 'embedded')('the guard of two instances', () => {
  let stack: Stack;
  let cache: TestRedis;
  let people: Cast;
  let path: string;
  let addresses = 0;

  beforeAll(async () => {
    cache = await startRedis();
    const env = { GUARD_MAX_KEYS: `${MOST_KEYS}`, TRUSTED_PROXIES: '127.0.0.0/8', REDIS_CACHE_URL: cache.url };
    stack = await startStack(env);
    people = cast();
    const opened = await openSession(stack.url, people, { visibility: 'public', start: false, gallery: 'breaks' });
    const after = { gallery_moderation: 'after' };
    await must(post(stack.url, `/api/assignment/${opened.assignment_id}/update`, people.admin, after));
    ({ path } = opened);
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    await cache?.stop();
  });

  /** Of an address of its own, at the two instances in turn. */
  function visitor() {
    addresses += 1;
    const address = `192.0.${2 + (addresses >> 8)}.${addresses & 255}`;
    const from = { 'x-forwarded-for': address, 'x-browser-fingerprint': randomUUID() };
    let asked = 0;
    return (verb: string, body: Json = {}) => {
      asked += 1;
      return post(stack.apis[asked % stack.apis.length]!, `${path}/${verb}`, null, body, from);
    };
  }
  const statusOf = async (answer: Promise<Answer>) => (await answer).status;
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status);
  const say = (ask: ReturnType<typeof visitor>) => ask('gallery/post', { text: 'Why so?', category: 'question' });
  /** Until one is too many: they may have come too slowly to be a burst. */
  async function burst(ask: ReturnType<typeof visitor>) {
    const told: number[] = [];
    const began = Date.now();
    while (!told.includes(429) && Date.now() - began < 25_000) {
      told.push(...statuses(await Promise.all([...VERBS, 'join'].map((verb) => ask(verb)))));
    }
    return told;
  }
  /** What each instance counts is in Redis again. */
  async function isBack(): Promise<boolean> {
    const found = await Promise.all(
      stack.apis.map(async (api, n) => {
        const address = `198.51.100.${n}`;
        await post(api, `${path}/start`, null, {}, { 'x-forwarded-for': address });
        return (await cache.tell('KEYS', `*rate_limit:${address}:browsers`)) as string[];
      }),
    );
    return found.every(({ length }) => length > 0);
  }

  test('counts as one: four commands do nothing, and the fifth, wherever it comes, shuts both', async () => {
    const four = visitor();
    expect(statuses(await Promise.all(VERBS.map((verb) => four(verb))))).toEqual(Array(4).fill(401));
    expect(statuses(await Promise.all(VERBS.map((verb) => four(verb))))).toEqual(Array(4).fill(401));
    const five = visitor();
    expect(await burst(five)).toContain(429);
    // One that waited too long for Redis hears of the ban.
    for (const _ of stack.apis) await expect.poll(() => statusOf(five('observe')), WAIT).toBe(429);
  });

  test('wiped in the middle of a burst, begins to count anew, and goes on doing so', async () => {
    const ask = visitor();
    await Promise.all(VERBS.map((verb) => ask(verb)));
    await cache.tell('FLUSHALL');
    const after = ['join', 'turn/start', 'turn/end', 'gallery/vote'];
    expect(statuses(await Promise.all(after.map((verb) => ask(verb))))).not.toContain(429);
    expect(await burst(ask)).toContain(429);
  });

  test('without Redis goes on by itself, a minute long: then nothing is posted, and all else goes on', async () => {
    const author = visitor();
    await cache.kill();
    expect((await say(author)).status).toBe(201);
    // The same instance: each counts by itself.
    await author('observe');
    expect(await say(author)).toMatchObject({ status: 429, body: { code: 'cooldown' } });
    const late = visitor();
    await during({ alone_ms: 0 }, async () => {
      const refused = await say(late);
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await late('observe')).status).toBe(201);
      expect((await get(stack.url, `${path}/gallery`, people.student)).status).toBe(200);
      await must(post(stack.url, `${path}/log`, people.admin, { event_type: 'NOTE', details: {} }));
      expect(await burst(visitor())).toContain(429);
    });
    await cache.restart();
    await expect.poll(isBack, { ...WAIT, interval: 500 }).toBe(true);
    // A 503 began no cooldown.
    expect((await say(late)).status).toBe(201);
  });

  test('takes no more browsers than it can tell apart, and says when to come back; who is known goes on', async () => {
    await cache.tell('FLUSHALL');
    const known = visitor();
    expect((await known('observe')).status).toBe(201);
    const told: Answer[] = [];
    // What waited too long for Redis was counted by one instance alone.
    while (told.at(-1)?.status !== 503 && told.length < 5 * MOST_KEYS) told.push(await visitor()('start'));
    expect(new Set(statuses(told.slice(0, -1)))).toEqual(new Set([401]));
    expect(told.length).toBeGreaterThan(MOST_KEYS / 2);
    expect(told.at(-1)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(told.at(-1)!.headers.get('retry-after')).toBe('60');
    await expect.poll(() => statusOf(known('observe')), WAIT).toBe(201);
    const signedIn = await post(stack.url, `${path}/observe`, people.student, {});
    expect(signedIn.status).toBe(201);
  });

  test('leaves a record that verifies', () => expectIntact(stack.url, path.split('/').at(-1)!, people.admin));
});

/** Rules are numbers of the code, and no settings. */
async function during(changes: Partial<Record<keyof typeof RULES, number>>, act: () => Promise<void>): Promise<void> {
  const before = { ...RULES };
  Object.assign(RULES, changes);
  try {
    await act();
  } finally {
    Object.assign(RULES, before);
  }
}
