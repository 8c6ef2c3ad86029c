/** What operators see of the cache, and what drops of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cast, get, must, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SOON = { timeout: 20_000, interval: 50 };

describe.skipIf(isLeftOut)('the cache', () => {
  let stack: Stack;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  test('is shown to super_admins', async () => {
    const { cache } = stack.backbones[0]!;
    const before = (await get(stack.url, '/ops/cache', root)).body;
    await cache.put('topology', 'a', {});
    await cache.get('topology', 'a', z.any());
    const { status, body } = await get(stack.url, '/ops/cache', root);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ total_keys: before.total_keys + 1, hits: before.hits + 1, misses: before.misses },
      ...{ used_memory: expect.any(Number), uptime: expect.any(Number) },
    });
    expect((await get(stack.url, '/ops/cache', null)).status).toBe(401);
    for (const who of [cast().admin, cast().presiding]) {
      expect((await get(stack.url, '/ops/cache', who)).status).toBe(403);
    }
  });

  test('has nothing more of a user whose tokens were ended', async () => {
    const { cache } = stack.backbones[0]!;
    const { student } = cast();
    await cache.put('session', 'theirs', { score: 1 }, student.id);
    await cache.put('session', 'of another', { score: 2 }, root.id);
    await must(post(stack.url, '/ops/tokens/revoke', root, { user_id: student.id }));
    await expect.poll(() => cache.get('session', 'theirs', z.any()), SOON).toBeUndefined();
    expect(await cache.get('session', 'of another', z.any())).toEqual({ score: 2 });
  });
});
