/** What operators see of one room: how far it is, what it keeps ready, and who is how far behind, at all relays. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnSse, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SOON = { timeout: 25_000, interval: 50 };

describe.skipIf(isLeftOut)('GET /ops/rooms/<session>', () => {
  let stack: Stack;
  let people: Cast;
  let root: Person;
  const open: Listener[] = [];

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    root = person('super_admin');
  });

  afterAll(async () => {
    for (const listener of open) listener.close();
    await stack.stop();
  });

  const read = async (session_id: string, who: Person | null = root, api = stack.url) =>
    get(api, `/ops/rooms/${session_id}`, who);

  test('shows the listeners of all relays, in exactly these fields', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const [one, other] = [stack.relays[0]!, stack.relays.at(-1)!];
    open.push(
      await listenOnWebSocket(one, { token: people.judge.token, session_id }),
      await listenOnSocketIo(other, { token: people.judge.token, session_id }),
      await listenOnSse(other, { token: people.petitioner.token, session_id, seat: false }),
    );
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));
    const { head } = await must(get(stack.url, path, people.admin));
    for (const listener of open) await listener.until(({ event_sequence }) => event_sequence === head.event_sequence);
    open[0]!.send({ type: 'ACK', last_sequence: head.event_sequence });
    const of = (transport: string, acked: number) => ({ connection_id: expect.any(String), transport, lag: 0, acked });
    for (const api of stack.apis) {
      await expect
        .poll(async () => {
          const { listeners, ...room } = (await read(session_id.toUpperCase(), root, api)).body;
          const byTransport = (a: Json, b: Json) => a.transport.localeCompare(b.transport);
          return { ...room, listeners: listeners.toSorted(byTransport) };
        }, SOON)
        .toEqual({
          head,
          ring: { from: 1, to: head.event_sequence },
          listeners: [of('socketio', 0), of('sse', 0), of('websocket', head.event_sequence)],
        });
    }
    const ids = (await read(session_id)).body.listeners.map(({ connection_id }: Json) => connection_id);
    expect(new Set(ids).size).toBe(3);
  });

  test('of a session that no relay has shows the head of the record', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { head } = await must(get(stack.url, path, people.admin));
    expect((await read(session_id)).body).toEqual({ head, ring: null, listeners: [] });
  });

  test('is for super_admins alone, and knows no session that is none', async () => {
    const { session_id } = await openSession(stack.url, people);
    expect((await read(session_id, people.admin)).status).toBe(403);
    expect((await read(session_id, null)).status).toBe(401);
    for (const id of [randomUUID(), 'none']) {
      expect(await read(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});
