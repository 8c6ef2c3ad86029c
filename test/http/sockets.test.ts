/** What operators see of connections, at all relays: counted where they are, and told by any API. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, openSession, type Person, person } from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const SOON = { timeout: 25_000, interval: 50 };
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe.skipIf(isLeftOut)('GET /ops/sockets', () => {
  let stack: Stack;
  let people: Cast;
  let root: Person;
  let open: Listener[] = [];
  const sessions: string[] = [];

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    root = person('super_admin');
    for (let i = 0; i < 3; i++) sessions.push((await openSession(stack.url, people)).session_id);
    sessions.sort();
  });

  afterEach(async () => {
    for (const listener of open) listener.close();
    open = [];
    await expect.poll(async () => (await read()).total_connections, SOON).toBe(0);
  });

  afterAll(() => stack.stop());

  const read = async (query = '', api = stack.url): Promise<Json> =>
    (await get(api, `/ops/sockets${query}`, root)).body;

  async function listen(n: number, who: Person, relay = 0, isSocketIo = false): Promise<void> {
    const url = stack.relays[relay % stack.relays.length]!;
    const options = { token: who.token, session_id: sessions[n]! };
    open.push(await (isSocketIo ? listenOnSocketIo(url, options) : listenOnWebSocket(url, options)));
  }

  test('adds up what all relays have, in exactly these fields', async () => {
    await listen(0, people.judge);
    await listen(0, people.judge, 1, true);
    await listen(0, people.petitioner, 1);
    await listen(1, people.petitioner);
    const relays = kind === 'embedded' ? [4] : [2, 2];
    for (const api of stack.apis) {
      await expect
        .poll(() => read('', api), SOON)
        .toEqual({
          total_connections: 4,
          unique_users: 2,
          connections_by_transport: { websocket: 3, socketio: 1 },
          rooms: [
            { session_id: sessions[0], connections: 3 },
            { session_id: sessions[1], connections: 1 },
          ],
          relays: relays.map((connections) => ({ id: expect.any(String), connections, started_at: INSTANT })),
        });
    }
  });

  test('tells of rooms in pages, the fullest first', async () => {
    for (const n of [2, 0, 1, 2]) await listen(n, people.judge);
    await expect.poll(async () => (await read()).total_connections, SOON).toBe(4);
    await expect.poll(async () => (await read()).rooms.length, SOON).toBe(3);
    const found: string[] = [];
    let query: string | null = '?limit=1';
    while (query !== null) {
      const { rooms, next_cursor } = await read(query);
      found.push(...rooms.map(({ session_id }: Json) => session_id));
      query = next_cursor ? `?limit=1&cursor=${next_cursor}` : null;
    }
    expect(found).toEqual([sessions[2], sessions[0], sessions[1]]);
  });

  test('counts a connection that listens without presence', async () => {
    const options = { token: people.judge.token, session_id: sessions[0]!, seat: false };
    open.push(await listenOnWebSocket(stack.relayUrl, options));
    await expect.poll(async () => (await read()).rooms, SOON).toEqual([{ session_id: sessions[0], connections: 1 }]);
  });

  test('is for super_admins alone, and its query is checked', async () => {
    expect((await get(stack.url, '/ops/sockets', people.admin)).status).toBe(403);
    expect((await get(stack.url, '/ops/sockets', null)).status).toBe(401);
    for (const query of ['limit=0', 'limit=201', 'cursor=x', 'room=1']) {
      expect((await get(stack.url, `/ops/sockets?${query}`, root)).status).toBe(422);
    }
  });
});
