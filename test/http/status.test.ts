/** `/v1/status`: states and counts for anybody, names for admins of the own institution alone. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

describe.skipIf(isLeftOut)('the status', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack?.stop());

  const read = (who: Person | null = null) => must(get(stack.url, '/v1/status', who));
  const createFeed = async (who: Person, name: string): Promise<string> =>
    (await must(post(stack.url, '/api/feed/create', who, { provider: 'csv', name }))).result.id;

  test('says in states and counts how all does, without a token', async () => {
    // Processes say that they are there one after the other.
    await vi.waitFor(async () => {
      const found = await read();
      expect(found).toMatchObject({
        services: { postgres: { state: 'up' }, api: { state: 'up' }, relay: { state: 'up' }, worker: { state: 'up' } },
        pipeline: { pending: expect.any(Number), jobs: { waiting: expect.any(Number), failed: expect.any(Number) } },
        ...{ providers: { down: 0 }, breaker: { open: 0 }, feeds: null },
      });
      expect(found.services.redis).toEqual(kind === 'embedded' ? null : { state: 'up' });
    }, PATIENCE);
  });

  test('counts feeds for everybody, and names them for admins of their institution', async () => {
    const others = cast();
    const [own, foreign] = [
      await createFeed(people.admin, 'Harbour Moot'),
      await createFeed(others.admin, 'Secret Moot'),
    ];
    // It is reckoned anew now and then.
    await vi.waitFor(async () => expect((await read()).providers.up).toBeGreaterThanOrEqual(2), PATIENCE);
    /** Null where they cannot be read just then. */
    const feedsFor = (who: Person): Promise<Json[]> =>
      vi.waitFor(async () => {
        const { feeds } = await read(who);
        expect(feeds).not.toBeNull();
        return feeds;
      }, PATIENCE);
    const pace = { state: 'up', health: 8_000, breaker: 'closed', last_sync: null };
    expect(await feedsFor(people.admin)).toEqual([{ id: own, name: 'Harbour Moot', provider: 'csv', ...pace }]);
    const all = await feedsFor(person('super_admin'));
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([own, foreign]));
    for (const who of [null, people.presiding, people.student]) {
      const text = JSON.stringify(await read(who));
      expect(text).not.toMatch(/Moot/);
      expect(text).toContain('"feeds":null');
    }
  });
});
