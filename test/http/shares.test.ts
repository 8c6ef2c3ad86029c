/** Nobody takes all of what there is little of: users and institutions have shares, and lines are served in turns. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { createWaits } from '../../src/http/commands/waits.ts';
import { createShares, type Shares } from '../../src/http/door/shares.ts';
import { type Cast, cast, get, openSession, post } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const actor = (institution_id: string | null, id = randomUUID()): Actor => ({ id, role: 'judge', institution_id });

/** Work that lasts until it is released, and what became of it. */
function workbench(shares: Shares) {
  const releases = new Map<string, () => void>();
  const started: string[] = [];
  const begin = (name: string, who: Actor) =>
    shares.run(who, async () => {
      started.push(name);
      await new Promise<void>((resolve) => releases.set(name, resolve));
      return name;
    });
  const release = async (name: string) => {
    releases.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begin, release, started };
}

describe('a share', () => {
  const LIMITS = { total: 4, perInstitution: 2, perUser: 1, maxWaiting: 3, waitAtMost_ms: 5_000 };

  test('is so much for a user and so much for an institution, and the others go by', async () => {
    const { begin, release, started } = workbench(createShares(LIMITS));
    const [greedy, colleague, stranger] = [actor('a'), actor('a'), actor('b')];
    const work = [begin('1', greedy), begin('2', greedy), begin('3', greedy)];
    work.push(begin('colleague', colleague), begin('stranger', stranger));
    expect(started).toEqual(['1', 'colleague', 'stranger']);
    for (const name of ['1', '2', 'colleague', 'stranger', '3']) await release(name);
    expect(started).toEqual(['1', 'colleague', 'stranger', '2', '3']);
    await Promise.all(work);
  });

  test('is handed to the institutions in turns, whoever waits longest in each', async () => {
    const { begin, release, started } = workbench(createShares({ ...LIMITS, total: 1, perInstitution: 1 }));
    const work = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => begin(name, actor(name[0]!)));
    for (const name of ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']) await release(name);
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    await Promise.all(work);
  });

  test('is refused as too many requests to who has theirs, and as unavailable where all is taken', async () => {
    const { begin, release } = workbench(createShares({ ...LIMITS, total: 1, waitAtMost_ms: 20 }));
    const greedy = actor('a');
    const first = begin('1', greedy);
    await expect(begin('2', greedy)).rejects.toMatchObject({
      body: { code: 'rate_limited' },
      headers: { 'Retry-After': '1', 'X-RateLimit-Limit': '1', 'X-RateLimit-Remaining': '0' },
    });
    await expect(begin('other', actor('b'))).rejects.toMatchObject({ body: { code: 'unavailable' } });
    await release('1');
    await first;
  });

  test('has a line of its own that ends somewhere', async () => {
    const { begin, release, started } = workbench(createShares(LIMITS));
    const greedy = actor('a');
    const work = ['1', '2', '3', '4'].map((name) => begin(name, greedy));
    await expect(begin('5', greedy)).rejects.toMatchObject({ body: { code: 'rate_limited' } });
    for (const name of ['1', '2', '3', '4']) await release(name);
    expect(started).toEqual(['1', '2', '3', '4']);
    await Promise.all(work);
  });

  test('is given back by work that fails', async () => {
    const shares = createShares({ ...LIMITS, total: 1 });
    const who = actor(null);
    for (let i = 0; i < 3; i++)
      await expect(shares.run(who, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await shares.run(who, async () => 'yes')).toBe('yes');
  });
});

test('waits for outcomes are so many for a caller and so many in all, and come back when they end', () => {
  const waits = createWaits(3, 2);
  const [first] = [waits.begin('a'), waits.begin('a')];
  expect(waits.begin('a')).toBeUndefined();
  expect(waits.begin('b')).toBeDefined();
  expect(waits.begin('c')).toBeUndefined();
  first!();
  expect(waits.begin('c')).toBeDefined();
});

describe.skipIf(isLeftOut)(`one user who asks for everything at once, ${kind}`, () => {
  const EVENTS = 60;
  let stack: Stack;
  let people: Cast;
  let others: Cast;
  let long: { session_id: string; path: string };
  let short: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    [people, others] = [cast(), cast()];
    [long, short] = [await openSession(stack.url, people), await openSession(stack.url, others)];
    const details = { text: 'x'.repeat(60_000) };
    const entries = Array.from({ length: EVENTS }, () =>
      post(stack.url, `${long.path}/log`, people.admin, { event_type: 'NOTE', details }),
    );
    for (const { status } of await Promise.all(entries)) expect(status).toBe(200);
  });

  afterAll(async () => {
    await expectIntact(stack.url, long.session_id, people.admin);
    await expectIntact(stack.url, short.session_id, others.admin);
    await stack.stop();
  });

  test.each(['verify', 'logs'])('for %s takes nothing from another institution', async (asked) => {
    const began = performance.now();
    const greedy = Promise.all(Array.from({ length: 90 }, () => get(stack.url, `${long.path}/${asked}`, people.admin)));
    let isOver = false;
    void greedy.finally(() => {
      isOver = true;
    });
    const times: number[] = [];
    do {
      for (const path of [`${short.path}/${asked}`, `${short.path}/participants`]) {
        const started = performance.now();
        const { status } = await get(stack.url, path, others.presiding);
        expect({ path, status }).toEqual({ path, status: 200 });
        times.push(performance.now() - started);
      }
    } while (!isOver);
    const statuses = (await greedy).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
    // In the greedy's queue they would wait for most of it.
    expect(Math.max(...times)).toBeLessThan(Math.max(4_000, (performance.now() - began) / 2));
  });
});
