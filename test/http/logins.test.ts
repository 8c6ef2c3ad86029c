/** Login sessions over HTTP: who sees which, and what is known of each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signToken } from '../../src/infra/tokens.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, SECRET, type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

describe.skipIf(isLeftOut)('login sessions', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ TRUSTED_PROXIES: '127.0.0.1/32,::1/128' });
    people = cast();
  });
  afterAll(() => stack?.stop());

  const signIn = (sid: string, { id, institution_id }: Person = people.petitioner, claims: object = {}): Person => {
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const named = { sid: `${sid} of ${id}`, exp };
    const token = signToken({ sub: id, role: 'participant', institution_id, ...named, ...claims }, SECRET);
    return { ...people.petitioner, id, token };
  };
  let asked = 0;
  const list = async (who: Person | null, headers: Record<string, string> = {}, query = ''): Promise<Json[]> => {
    const url = stack.apis[asked++ % stack.apis.length]!;
    return (await must(get(url, `/auth/sessions${query}`, who, headers))).items;
  };

  test('are shown to their person, each once, and which of them it is that asks', async () => {
    const who = { ...people.petitioner, id: randomUUID() };
    const [first, second] = [signIn('one', who), signIn('two', who)];
    await list(first);
    await vi.waitFor(async () => expect(await list(first)).toHaveLength(1), PATIENCE);
    await list(second);
    await vi.waitFor(async () => expect(await list(second)).toHaveLength(2), PATIENCE);
    const items = await list(second);
    expect(items.map(({ user_id, current }) => [user_id, current])).toEqual([
      [who.id, true],
      [who.id, false],
    ]);
    expect((await list(first)).map(({ current }) => current)).toEqual([false, true]);
    expect(new Set(items.map(({ id }) => id)).size).toBe(2);
  });

  test('are one where a token is refreshed within a sign-in', async () => {
    const who = { ...people.petitioner, id: randomUUID() };
    for (const jti of ['a', 'b', 'c']) await list(signIn('one', who, { jti }));
    await vi.waitFor(async () => expect(await list(signIn('one', who))).toHaveLength(1), PATIENCE);
    expect(await list(signIn('one', who))).toHaveLength(1);
  });

  test('have their devices and networks, the same by the same name, without what they are', async () => {
    const who = { ...people.petitioner, id: randomUUID() };
    const from = (agent: string, address: string) => ({ 'user-agent': agent, 'x-forwarded-for': address });
    const [one, two] = [signIn('one', who), signIn('two', who)];
    await list(one, from('Browser A', '198.51.100.7'));
    await list(one, from('Browser B', '198.51.100.99'));
    await list(one, { ...from('Browser A', '203.0.113.5') });
    await list(two, { ...from('Browser A', '203.0.113.77') });
    await vi.waitFor(async () => {
      const items = await list(one, from('Browser A', '198.51.100.7'));
      expect(items.map(({ devices, networks }) => [devices.length, networks.length])).toEqual([
        [1, 1],
        [2, 2],
      ]);
    }, PATIENCE);
    const [newer, older] = await list(one, from('Browser A', '198.51.100.7'));
    const idsOf = (places: Json[]) => places.map(({ id }) => id);
    expect(idsOf(older!.devices)).toContain(newer!.devices[0].id);
    expect(idsOf(older!.networks)).toContain(newer!.networks[0].id);
    const { rows } = await stack.pool.query('select * from logins join login_places on login_id = id');
    for (const word of ['Browser', '198.51', '203.0']) expect(JSON.stringify(rows)).not.toContain(word);
  });

  test('are shown to admins of the institution, to no other, and those of a super_admin to none', async () => {
    const theirs = cast();
    const root = person('super_admin', { institution_id: people.institution_id, claims: { sid: randomUUID() } });
    for (const who of [people.judge, theirs.judge, root]) await list(who);
    await vi.waitFor(async () => expect((await list(people.judge)).length).toBe(1), PATIENCE);
    await vi.waitFor(async () => expect((await list(theirs.judge)).length).toBe(1), PATIENCE);
    await vi.waitFor(async () => expect(await list(root, {}, `?user_id=${root.id}`)).toHaveLength(1), PATIENCE);
    const seenBy = async (who: Person) => new Set((await list(who, {}, '?limit=200')).map(({ user_id }) => user_id));
    expect(await seenBy(people.admin)).toContain(people.judge.id);
    expect(await seenBy(people.admin)).not.toContain(theirs.judge.id);
    expect(await seenBy(people.admin)).not.toContain(root.id);
    expect(await seenBy(root)).toContain(theirs.judge.id);
    expect(await seenBy(people.student)).not.toContain(people.judge.id);
    expect(await list(people.student, {}, `?user_id=${people.judge.id}`)).toEqual([]);
  });

  test('come in pages', async () => {
    const who = { ...people.petitioner, id: randomUUID() };
    const sids = ['one', 'two', 'three'];
    for (const sid of sids) await list(signIn(sid, who));
    await vi.waitFor(async () => expect(await list(signIn('one', who))).toHaveLength(3), PATIENCE);
    const read = (query: string) => must(get(stack.url, `/auth/sessions${query}`, signIn('one', who)));
    const first = await read('?limit=2');
    const second = await read(`?limit=2&cursor=${first.next_cursor}`);
    expect(second.next_cursor).toBeNull();
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(3);
  });

  test('are noted of connections that never send a request', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    const who = { ...people.student, id: randomUUID() };
    const listener = await listenOnWebSocket(stack.relayUrl, { token: signIn('socket', who).token, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    const known = async () =>
      (
        await stack.pool.query('select expires_at > clock_timestamp() as is_good from logins where user_id = $1', [
          who.id,
        ])
      ).rows;
    await expect.poll(known, PATIENCE).toEqual([{ is_good: true }]);
    listener.close();
  });

  test('are nobody’s without a token, and are noted of no token that is not good', async () => {
    expect((await get(stack.url, '/auth/sessions', null)).status).toBe(401);
    const forged = person('participant', { institution_id: people.institution_id, secret: 'x'.repeat(40) });
    expect((await get(stack.url, '/auth/sessions', forged)).status).toBe(401);
    const { rows } = await stack.pool.query('select from logins where user_id = $1', [forged.id]);
    expect(rows).toEqual([]);
  });
});
