/** Bans over HTTP: who reads, makes and lifts them, where they hold, and that no wiped or missing Redis forgets one. */
import { randomUUID } from 'node:crypto';
import knexModule from 'knex';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { up } from '../../migrations/0068_authors_of_before.ts';
import { amountOf } from '../support/amounts.ts';
import { untilSettled } from '../support/checkHistory.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('bans', () => {
  let stack: Stack;
  let cache: TestRedis | undefined;
  let people: Cast;
  let path: string;
  let addresses = 0;
  const operator = person('super_admin');

  beforeAll(async () => {
    cache = kind === 'distributed' && inject('redisUrl') ? await startRedis() : undefined;
    stack = await startStack({
      ...{ GUARD_MAX_KEYS: '1000', TRUSTED_PROXIES: '127.0.0.0/8' },
      ...(cache && { REDIS_CACHE_URL: cache.url }),
    });
    people = cast();
    ({ path } = await openSession(stack.url, people, { visibility: 'public' }));
  }, 120_000);

  afterAll(async () => {
    await stack.stop();
    await cache?.stop();
  });

  const nextAddress = () => {
    addresses += 1;
    return `192.0.2.${addresses}`;
  };
  const look = async (address: string, at = path, url = stack.url) =>
    (await post(url, `${at}/observe`, null, {}, { 'x-forwarded-for': address })).status;
  /** Five routes at once, again where they came too slowly to be a burst. */
  async function trip(address: string): Promise<number[]> {
    const statuses: number[] = [];
    const began = Date.now();
    while (!statuses.includes(429) && Date.now() - began < 20_000) {
      const asking = ['start', 'pause', 'resume', 'complete', 'join'].map((verb) =>
        post(stack.url, `${path}/${verb}`, null, {}, { 'x-forwarded-for': address }),
      );
      statuses.push(...(await Promise.all(asking)).map(({ status }) => status));
    }
    return statuses;
  }
  const act = (verb: string, who: Person, body: Json) => post(stack.url, `/api/guard/${verb}`, who, body);
  const list = async (who: Person, query = '') =>
    (await must(get(stack.url, `/api/guard/bans${query}`, who))).items as Json[];
  const bansOf = async (address: string, query = '') =>
    (await list(people.admin, query)).filter((ban) => ban.address === address);
  const wait = { timeout: 20_000 };

  test('a burst is on record as a ban of the browser for a day and of the address for half an hour', async () => {
    const address = nextAddress();
    await trip(address);
    await expect.poll(() => bansOf(address), wait).toHaveLength(1);
    const [block] = await bansOf(address);
    expect(block).toMatchObject({ key: null, rule: 'burst', review: false, state: 'open', banned_by: 'system' });
    expect(Date.parse(block!.until) - Date.parse(block!.banned_at)).toBe(30 * 60_000);
    const banned = (await list(people.admin)).filter(({ key }) => key !== null);
    expect(banned).toMatchObject([{ rule: 'burst', address: null, key: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(Date.parse(banned[0]!.until) - Date.parse(banned[0]!.banned_at)).toBe(24 * 3_600_000);
    expect(await amountOf('guard_actions_total', stack.backbones)).toBeGreaterThan(0);
    await trip(address);
    expect(await bansOf(address, '?state=all')).toHaveLength(1);
  });

  test('an admin lifts a block, with a reason, and the address may send again at once', async () => {
    const address = nextAddress();
    await trip(address);
    await expect.poll(() => bansOf(address), wait).toHaveLength(1);
    const [block] = await bansOf(address);
    const lifted = await must(act('unban', people.admin, { ban_id: block!.id, reason: 'It was the school’s proxy.' }));
    expect(lifted.result).toMatchObject({ id: block!.id, lifted: true });
    await expect.poll(() => look(address), wait).toBe(201);
    expect(await bansOf(address)).toEqual([]);
    expect(await bansOf(address, '?state=lifted')).toMatchObject([
      { state: 'lifted', reason: 'It was the school’s proxy.' },
    ]);
    expect(await act('unban', people.admin, { ban_id: block!.id, reason: 'Again.' })).toMatchObject({
      status: 409,
      body: { code: 'ban_ended' },
    });
  });

  test('what an admin bans holds in the own institution’s sessions alone, for signed-in people never', async () => {
    const address = nextAddress();
    const others = cast();
    const elsewhere = await openSession(stack.url, others, { visibility: 'public' });
    const { result } = await must(act('ban', people.admin, { address, reason: 'Floods.', hours: 1 }));
    expect(result).toMatchObject({ address, lifted: false });
    for (const url of stack.apis) await expect.poll(() => look(address, path, url), wait).toBe(429);
    expect(await look(address, elsewhere.path)).toBe(201);
    const signedIn = await post(stack.url, `${path}/observe`, people.student, {}, { 'x-forwarded-for': address });
    expect(signedIn.status).toBe(201);
    await must(act('ban', operator, { address, reason: 'Everywhere.', hours: 1 }));
    await expect.poll(() => look(address, elsewhere.path), wait).toBe(429);
  });

  test('a super_admin lifts a block by its address, of whatever institution it is', async () => {
    const address = nextAddress();
    await trip(address);
    await expect.poll(() => bansOf(address), wait).toHaveLength(1);
    const { result } = await must(act('confirm', operator, { address, reason: 'Seen.', hours: 2 }));
    expect(result).toMatchObject({ address, lifted: false });
    await must(act('unban', operator, { address, reason: 'One pupil.' }));
    await expect.poll(() => look(address), wait).toBe(201);
    expect(await bansOf(address)).toEqual([]);
    const again = await act('unban', operator, { address, reason: 'Again.' });
    expect(again).toMatchObject({ status: 409, body: { code: 'ban_ended' } });
  });

  test('only admins of the institution see and touch its bans', async () => {
    const { result } = await must(act('ban', people.admin, { key: 'ab'.repeat(32), reason: 'Insults.' }));
    const stranger = person('admin', { institution_id: randomUUID() });
    expect(await list(stranger)).toEqual([]);
    for (const verb of ['ban', 'unban', 'confirm']) {
      const named = { ban_id: result.id, reason: 'Not mine.' };
      expect(await act(verb, stranger, named)).toMatchObject({ status: 404 });
      expect(await act(verb, people.presiding, named)).toMatchObject({ status: 403 });
      expect(await post(stack.url, `/api/guard/${verb}`, null, named)).toMatchObject({ status: 401 });
    }
    expect(await get(stack.url, '/api/guard/bans', people.presiding)).toMatchObject({ status: 403 });
    expect((await list(operator)).some(({ id }) => id === result.id)).toBe(true);
    await must(act('confirm', operator, { ban_id: result.id, reason: 'Seen.', hours: 3 }));
    expect((await list(people.admin)).find(({ id }) => id === result.id)).toMatchObject({
      review: false,
      reason: 'Seen.',
    });
  });

  test('the list is read page by page', async () => {
    const all = await list(people.admin, '?state=all');
    const ids: string[] = [];
    let cursor = '';
    do {
      const page: Json = await must(get(stack.url, `/api/guard/bans?state=all&limit=1${cursor}`, people.admin));
      ids.push(...page.items.map(({ id }: Json) => id));
      cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
    } while (cursor);
    expect(ids).toEqual(all.map(({ id }) => id));
    expect(await get(stack.url, '/api/guard/bans?cursor=nonsense', people.admin)).toMatchObject({ status: 422 });
  });

  test.skipIf(kind === 'embedded')(
    'a wiped Redis forgets no ban, not for a moment, and is told of all again',
    async () => {
      const address = nextAddress();
      await trip(address);
      await expect.poll(() => bansOf(address), wait).toHaveLength(1);
      const blocks = async () => ((await cache!.tell('KEYS', `*blocked_ip:${address}`)) as string[]).length;
      await expect.poll(blocks, wait).toBe(1);
      // Each API knows of it by now.
      for (const url of stack.apis) await expect.poll(() => look(address, path, url), wait).toBe(429);
      await cache!.tell('FLUSHALL');
      const answers: number[] = [];
      await expect
        .poll(async () => {
          for (const url of stack.apis) answers.push(await look(address, path, url));
          return blocks();
        }, wait)
        .toBe(1);
      expect(new Set(answers)).toEqual(new Set([429]));
    },
  );

  test.skipIf(kind === 'embedded')('without Redis a process counts by itself, and forgets no ban', async () => {
    const [known, fresh] = [nextAddress(), nextAddress()];
    await trip(known);
    await expect.poll(() => bansOf(known), wait).toHaveLength(1);
    await expect.poll(() => look(known), wait).toBe(429);
    await cache!.kill();
    expect(await look(known)).toBe(429);
    expect(await trip(fresh)).toContain(429);
    expect(await look(fresh)).toBe(429);
    await cache!.restart();
    await expect.poll(async () => cache!.tell('KEYS', `*blocked_ip:${known}`), wait).toHaveLength(1);
  });

  test('bans of before their events were kept are given them by the migration', async () => {
    await untilSettled(stack.pool);
    const read = async () => (await stack.pool.query('select id, events from guard_bans order by id')).rows;
    const before = await read();
    expect(before.length).toBeGreaterThan(0);
    await stack.pool.query('update guard_bans set events = null');
    const knex = knexModule.default({ client: 'pg', connection: stack.database.url, pool: { min: 0, max: 1 } });
    try {
      await knex.transaction(up);
    } finally {
      await knex.destroy();
    }
    expect(await read()).toEqual(before);
  });

  test('the record verifies, that of bans with it', () =>
    expectIntact(stack.url, path.split('/').at(-1)!, people.admin));
});
