/** What the guard counts, each number at its edge, on both adapters; and both compared over random visits. Time is a parameter. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest';
import { RULES } from '../../src/guard/rules.ts';
import type { GuardStore, Visitor } from '../../src/infra/guard/guardStore.ts';
import { createInProcessStore } from '../../src/infra/guard/inProcess.ts';
import { createRedisStore } from '../../src/infra/guard/redis.ts';
import { useRedisPatiently } from '../support/redis.ts';

const START = 1_800_000_000_000;
const visitorOf = (name: string, address = '192.0.2.1', is_venue = false): Visitor => ({
  ...{ key: `key-${name}`, crowd: `crowd-${address}`, address, is_venue },
});
const ada = visitorOf('ada');

interface Opened {
  store: GuardStore;
  pass(ms: number): Promise<void>;
}

const redisUrl = inject('redisUrl');
const PLACES: [string, (most?: number) => Promise<Opened>][] = [
  ['in memory', openInMemory],
  ...(redisUrl ? [['on Redis', openOnRedis] as [string, typeof openOnRedis]] : []),
];

async function openInMemory(most = 1_000): Promise<Opened> {
  let now = START;
  const store = createInProcessStore(RULES, most, () => now);
  const pass = async (ms: number) => {
    now += ms;
  };
  return { store, pass };
}

const server = redisUrl ? useRedisPatiently(redisUrl) : undefined;
const redis = redisUrl ? new Redis(redisUrl) : undefined;
const stores: GuardStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});
afterAll(() => {
  server?.close();
  redis?.disconnect();
});

/** A store with a clock of its own, which is a key of Redis. */
async function openOnRedis(most = 1_000, prefix = `${randomUUID()}:`): Promise<Opened & { prefix: string }> {
  let now = START;
  const tell = () => redis!.set(`${prefix}clock`, now, 'EX', 60);
  await tell();
  const clock = `local now = tonumber(redis.call('GET', '${prefix}clock'))`;
  const store = createRedisStore({ redis: server!, prefix, numbers: RULES, most, clock });
  stores.push(store);
  const pass = async (ms: number) => {
    now += ms;
    await tell();
  };
  return { store, prefix, pass };
}

describe.each(PLACES)('the guard %s', (_, open) => {
  const routes = (count: number) => Array.from({ length: count }, (_, i) => `POST /route/${i}`);
  async function visit({ store }: Opened, visitor: Visitor, asked: string[]) {
    const answers = [];
    for (const route of asked) answers.push(await store.admit(visitor, route));
    return answers.map((answer) => (answer.admitted ? 'admitted' : answer.by));
  }

  test('four routes do nothing, and the fifth within 500 ms does', async () => {
    const opened = await open();
    expect(await visit(opened, ada, routes(4))).toEqual(Array(4).fill('admitted'));
    await opened.pass(500);
    expect(await opened.store.admit(ada, 'POST /route/5')).toMatchObject({ by: 'burst', retry_after_ms: 1_800_000 });
  });

  test('the fifth after 501 ms does nothing', async () => {
    const opened = await open();
    await visit(opened, ada, routes(4));
    await opened.pass(501);
    expect(await visit(opened, ada, ['POST /route/5'])).toEqual(['admitted']);
  });

  test('one route, however often, is no burst', async () => {
    expect(await visit(await open(), ada, Array(20).fill('POST /one'))).toEqual(Array(20).fill('admitted'));
  });

  test('twenty in two seconds do nothing, and the next blocks the address for half an hour', async () => {
    const opened = await open();
    await visit(opened, ada, Array(20).fill('POST /one'));
    await opened.pass(2_000);
    expect(await visit(opened, ada, ['POST /one'])).toEqual(['rate']);
    await opened.pass(30 * 60_000 - 1);
    expect(await opened.store.admit(visitorOf('neighbour'), 'POST /one')).toMatchObject({
      by: 'block',
      retry_after_ms: 1,
    });
    expect(await visit(opened, visitorOf('elsewhere', '192.0.2.2'), ['POST /one'])).toEqual(['admitted']);
    await opened.pass(1);
    expect(await visit(opened, ada, ['POST /one'])).toEqual(['admitted']);
  });

  test('the twenty-first after 2,001 ms does nothing', async () => {
    const opened = await open();
    await visit(opened, ada, Array(20).fill('POST /one'));
    await opened.pass(2_001);
    expect(await visit(opened, ada, ['POST /one'])).toEqual(['admitted']);
  });

  test('the address of a venue is never blocked, its browser is', async () => {
    const opened = await open();
    const guest = visitorOf('guest', '198.51.100.1', true);
    expect((await visit(opened, guest, routes(5))).at(-1)).toBe('burst');
    expect(await visit(opened, guest, ['POST /one'])).toEqual(['block']);
    expect(await visit(opened, visitorOf('neighbour', '198.51.100.1', true), ['POST /one'])).toEqual(['admitted']);
  });

  test('the thirty-third browser of an address within a minute counts as one with all after it', async () => {
    const opened = await open();
    const browsers = Array.from({ length: 34 }, (_, i) => visitorOf(`${i}`));
    for (const one of browsers.slice(0, 32)) await opened.store.admit(one, 'POST /one');
    expect(await Promise.all(browsers.map((one) => opened.store.isCrowd(one)))).toEqual([
      ...Array(32).fill(false),
      true,
      true,
    ]);
    expect(await visit(opened, browsers[32]!, routes(4))).toEqual(Array(4).fill('admitted'));
    expect(await visit(opened, browsers[33]!, ['POST /another'])).toEqual(['burst']);
    const other = await open();
    for (const one of browsers.slice(0, 32)) await other.store.admit(one, 'POST /one');
    await other.pass(60_000);
    expect(await other.store.isCrowd(browsers[33]!)).toBe(false);
  });

  test('those who come at once are counted one after the other', async () => {
    const { store } = await open();
    const posts = await Promise.all(Array.from({ length: 22 }, () => store.admit(ada, 'POST /one')));
    expect(posts.map((one) => one.admitted || one.by)).toEqual([...Array(20).fill(true), 'rate', 'block']);
    const pupils = Array.from({ length: 54 }, (_, i) => visitorOf(`${i}`, '198.51.100.1', true));
    const entered = await Promise.all(pupils.map((one) => store.admit(one, 'POST /one')));
    expect(entered.map((one) => one.is_crowd)).toEqual([...Array(32).fill(false), ...Array(22).fill(true)]);
    expect(entered.map((one) => one.admitted || one.by)).toEqual([...Array(52).fill(true), 'rate', 'block']);
  });

  test('no more keys are counted than there is room for, and a minute later there is room', async () => {
    const opened = await open(2);
    const [one, two, three] = ['1', '2', '3'].map((n) => visitorOf(n, `192.0.2.${n}`)) as [Visitor, Visitor, Visitor];
    expect(await visit(opened, one, ['POST /one'])).toEqual(['admitted']);
    expect(await visit(opened, two, ['POST /one'])).toEqual(['admitted']);
    expect(await visit(opened, three, ['POST /one'])).toEqual(['full']);
    expect(await visit(opened, two, ['POST /one'])).toEqual(['admitted']);
    await opened.pass(60_000);
    expect(await visit(opened, three, ['POST /one'])).toEqual(['admitted']);
  });

  test('a signed-in person is asked to wait, and blocks nobody', async () => {
    const { store, pass } = await open();
    for (let i = 0; i < 20; i += 1) expect(await store.pace('user')).toBe(0);
    await pass(500);
    expect(await store.pace('user')).toBe(1_501);
    await pass(1_501);
    expect(await store.pace('user')).toBe(0);
    expect((await store.admit(ada, 'POST /one')).admitted).toBe(true);
  });

  test('a cooldown is reckoned when it is asked for, and a post that is not taken gives it back', async () => {
    const { store, pass } = await open();
    const first = await store.post('key', 60_000);
    expect(first).toMatchObject({ waits_ms: 0 });
    await pass(59_999);
    expect(await store.post('key', 60_000)).toEqual({ waits_ms: 1 });
    expect(await store.waitOf('key', 300_000)).toBe(240_001);
    await pass(1);
    const second = await store.post('key', 60_000);
    expect(second.waits_ms).toBe(0);
    await store.giveBack('key', second);
    expect([await store.waitOf('key', 60_000), await store.waitOf('key', 300_000)]).toEqual([0, 240_000]);
    const third = await store.post('key', 60_000);
    await store.giveBack('key', first);
    expect(await store.waitOf('key', 60_000)).toBe(60_000);
    await store.giveBack('key', third);
    expect(await store.waitOf('key', 60_000)).toBe(0);
  });

  test('of fifty posts at once one is taken', async () => {
    const { store } = await open();
    const turns = await Promise.all(Array.from({ length: 50 }, () => store.post('key', 60_000)));
    expect(turns.filter(({ waits_ms }) => waits_ms === 0)).toHaveLength(1);
  });

  test('the third refused text within a day is the one too many', async () => {
    const { store, pass } = await open();
    expect([await store.countRefusedText('key'), await store.countRefusedText('key')]).toEqual([1, 2]);
    await pass(24 * 3_600_000 + 1);
    expect([await store.countRefusedText('key'), await store.countRefusedText('key')]).toEqual([1, 2]);
    await pass(24 * 3_600_000);
    expect(await store.countRefusedText('key')).toBe(3);
  });

  test('sixty commands of an institution a minute, and no more', async () => {
    const { store, pass } = await open();
    const asked = await Promise.all(Array.from({ length: 70 }, () => store.mayCommand('one')));
    expect(asked.filter(Boolean)).toHaveLength(60);
    expect(await store.mayCommand('another')).toBe(true);
    await pass(60_001);
    expect(await store.mayCommand('one')).toBe(true);
  });

  test('ten reports of one person are one, fifty people at once are fifty, and a week forgets them', async () => {
    const { store, pass } = await open();
    for (let i = 0; i < 10; i += 1) expect(await store.keepReporter('key', 'ada')).toBe(1);
    await Promise.all(Array.from({ length: 49 }, (_, i) => store.keepReporter('key', `${i}`)));
    expect(await store.keepReporter('key', 'ada')).toBe(50);
    await pass(7 * 24 * 3_600_000);
    expect(await store.keepReporter('key', 'rui')).toBe(1);
  });

  test('bans are kept until their end, and lifted ones are forgotten', async () => {
    const { store, pass } = await open();
    await store.mirror([
      { subject: 'key', value: 'banned', left_ms: 1_000 },
      { subject: 'key', value: 'until lifted', left_ms: null },
      { subject: 'address', value: ada.address, left_ms: 1_000 },
    ]);
    expect(await store.isShadowed(['other', 'banned'])).toBe(true);
    expect((await store.admit(ada, 'POST /one')).admitted).toBe(false);
    await pass(1_000);
    expect(await store.isShadowed(['banned'])).toBe(false);
    expect((await store.admit(ada, 'POST /one')).admitted).toBe(true);
    expect(await store.isShadowed(['until lifted'])).toBe(true);
    await store.mirror([{ subject: 'key', value: 'until lifted', left_ms: 0 }]);
    expect(await store.isShadowed(['until lifted'])).toBe(false);
  });
});

describe.skipIf(redisUrl === null)('on Redis', () => {
  test('every key has the documented name, and a time to live', async () => {
    const { store, prefix } = await openOnRedis();
    for (let i = 0; i < 3; i += 1) await store.admit(ada, `POST /route/${i}`);
    await store.post('author', 60_000);
    await store.countRefusedText('author');
    await store.keepReporter('author', 'rui');
    await store.mayCommand('institution');
    const bans = [
      { subject: 'key', value: 'banned', left_ms: null },
      { subject: 'address', value: '192.0.2.9', left_ms: 5_000 },
    ] as const;
    await store.mirror(bans);
    const keys = (await redis!.keys(`${prefix}*`)).filter((key) => !/clock|probe/.test(key));
    expect(keys.map((key) => key.slice(prefix.length)).sort()).toEqual([
      ...['blocked_ip:192.0.2.9', `burst:${ada.key}`, 'rate_limit:192.0.2.1:browsers', 'rate_limit:author:post'],
      ...['rate_limit:author:text', 'rate_limit:institution:bans', `rate_limit:${ada.key}:rate`, 'rate_limit:keys'],
      ...['reports:fingerprint:author', 'shadowban:banned'],
    ]);
    for (const key of keys) expect(await redis!.pttl(key)).toBeGreaterThan(0);
  });

  test('beside the version before, whose windows are sorted sets, it counts, and the browsers of an address stay theirs', async () => {
    const { store, prefix } = await openOnRedis();
    const theirs = `${prefix}rate_limit:${ada.address}:keys`;
    for (const key of [theirs, `${prefix}burst:${ada.key}`, `${prefix}rate_limit:${ada.key}:rate`]) {
      await redis!.zadd(key, START, 'of theirs');
      await redis!.pexpire(key, 60_000);
    }
    expect(await store.isCrowd(ada)).toBe(false);
    for (let i = 0; i < 4; i += 1) expect((await store.admit(ada, `POST /route/${i}`)).admitted).toBe(true);
    expect(await store.admit(ada, 'POST /route/5')).toMatchObject({ by: 'burst' });
    expect(await redis!.zcard(theirs)).toBe(1);
  });

  test('APIs share what they count: of four routes at one and one more at another the fifth is too many', async () => {
    const one = await openOnRedis();
    const another = await openOnRedis(1_000, one.prefix);
    for (let i = 0; i < 4; i += 1) await one.store.admit(ada, `POST /route/${i}`);
    expect(await another.store.admit(ada, 'POST /route/5')).toMatchObject({ by: 'burst' });
    expect(await one.store.admit(ada, 'POST /one')).toMatchObject({ by: 'block' });
  });

  test('a clock that is set back lets nobody be blocked, or wait, for longer than the rule says', async () => {
    const { store, pass } = await openOnRedis();
    for (let i = 0; i < 5; i += 1) await store.admit(ada, `POST /route/${i}`);
    await store.post('author', 60_000);
    await pass(-10 * 3_600_000);
    expect(await store.admit(ada, 'POST /one')).toMatchObject({ by: 'block', retry_after_ms: 1_800_000 });
    expect(await store.waitOf('author', 60_000)).toBe(60_000);
  });

  test('wiped in the middle of a burst, it counts anew', async () => {
    const { store, prefix } = await openOnRedis();
    for (let i = 0; i < 4; i += 1) await store.admit(ada, `POST /route/${i}`);
    const keys = (await redis!.keys(`${prefix}*`)).filter((key) => !key.endsWith('clock'));
    await redis!.del(...keys);
    expect((await store.admit(ada, 'POST /route/5')).admitted).toBe(true);
  });

  const visits = fc.array(
    fc.record({
      step_ms: fc.constantFrom(0, 1, 100, 499, 500, 501, 2_000, 2_001, 60_000),
      who: fc.integer({ min: 0, max: 40 }),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.1'),
      route: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 120 },
  );

  test('the same is decided as in memory, visit by visit', async () => {
    await fc.assert(
      fc.asyncProperty(visits, async (steps) => {
        const [shared, own] = [await openOnRedis(40), await openInMemory(40)];
        for (const { step_ms, who, address, route } of steps) {
          for (const { pass } of [shared, own]) await pass(step_ms);
          const visitor = visitorOf(`${who}`, address, address.startsWith('198'));
          const decided = await shared.store.admit(visitor, `POST /${route}`);
          expect(decided).toEqual(await own.store.admit(visitor, `POST /${route}`));
        }
      }),
      { numRuns: 20 },
    );
  });
});

test('a post in memory gives back what it began, whatever the clock does meanwhile', async () => {
  let now = 1_000;
  const ticking = createInProcessStore(RULES, 100, () => (now += 1));
  await ticking.giveBack('key', await ticking.post('key', 60_000));
  expect(await ticking.waitOf('key', 60_000)).toBe(0);
});
