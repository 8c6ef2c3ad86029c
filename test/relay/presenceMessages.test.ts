/** What listeners and readers are told of presence: how many listen, at all relays, and how the participants stand. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import {
  type Listener,
  type ListenOptions,
  listenOnSocketIo,
  listenOnSse,
  listenOnWebSocket,
} from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

type Connect = (url: string, options: ListenOptions) => Promise<Listener>;

const EVERY_MS = 2_000;
const SOON = { timeout: 25_000, interval: 50 };
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe.skipIf(isLeftOut)('presence is told', () => {
  let stack: Stack;
  let people: Cast;
  let open: Listener[] = [];

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterEach(() => {
    for (const listener of open) listener.close();
    open = [];
  });

  afterAll(() => stack.stop());

  async function listen(options: ListenOptions, relay = 0, connect: Connect = listenOnWebSocket): Promise<Listener> {
    const listener = await connect(stack.relays[relay % stack.relays.length]!, options);
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    return listener;
  }

  const told = (listener: Listener): Json[] => listener.messages.filter(({ type }) => type === 'PRESENCE');
  const saying = (listeners: number, ...participants: [Person, string][]): Json => ({
    ...{ type: 'PRESENCE', listeners },
    participants: participants.map(([{ id: user_id }, status]) => ({ user_id, status })),
  });
  const lastToldBecomes = (listener: Listener, message: Json) =>
    expect.poll(() => told(listener).at(-1), SOON).toEqual(message);
  const read = async (path: string, who: Person | null = people.admin, api = stack.url) =>
    get(api, `${path}/presence`, who);

  test('on all transports, with the listeners of all relays, and a position in the record does not matter', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
    const one = await listen({ token: people.petitioner.token, session_id });
    await lastToldBecomes(one, saying(1, [people.petitioner, 'connected']));
    const other = await listen({ token: people.judge.token, session_id, last_sequence: 0 }, 1, listenOnSocketIo);
    for (const listener of [one, other]) {
      await lastToldBecomes(listener, saying(2, [people.petitioner, 'connected']));
    }
    expect(told(other)).toEqual([saying(2, [people.petitioner, 'connected'])]);
    const third = await listen({ token: people.judge.token, session_id }, 0, listenOnSse);
    for (const listener of [one, other, third]) {
      await lastToldBecomes(listener, saying(3, [people.petitioner, 'connected']));
    }
    other.close();
    third.close();
    await lastToldBecomes(one, saying(1, [people.petitioner, 'connected']));
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('when a participant comes and goes, and not while nothing changes', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const onlooker = await listen({ token: people.admin.token, session_id });
    await lastToldBecomes(onlooker, saying(1));
    await must(post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
    await lastToldBecomes(onlooker, saying(1, [people.petitioner, 'connected']));
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));
    await must(post(stack.url, `${path}/leave`, people.petitioner));
    await lastToldBecomes(onlooker, saying(1, [people.petitioner, 'disconnected']));
    expect(told(onlooker)).toHaveLength(3);
  });

  test('at most once in two seconds, with what is true then', async () => {
    const { session_id } = await openSession(stack.url, people);
    const began = performance.now();
    const onlooker = await listen({ token: people.admin.token, session_id });
    for (let n = 0; n < 12; n += 1) await listen({ token: people.judge.token, session_id }, n);
    await lastToldBecomes(onlooker, saying(13));
    for (const listener of open.slice(1, 7)) listener.close();
    await lastToldBecomes(onlooker, saying(7));
    const waits = told(onlooker).length - 1;
    // When each arrives is the machine's; all that were told took at least so long.
    expect(performance.now() - began).toBeGreaterThanOrEqual(waits * EVERY_MS);
  });

  test('without those who listen without presence', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const quiet = await listen({ token: people.judge.token, session_id, seat: false });
    await lastToldBecomes(quiet, saying(0));
    expect((await read(path)).body).toMatchObject({ listeners: 0, participants: [] });
    const onlooker = await listen({ token: people.judge.token, session_id }, 1);
    for (const listener of [quiet, onlooker]) await lastToldBecomes(listener, saying(1));
  });

  test('in the snapshot, which counts its reader', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/join`, people.judge, { role: 'judge' }));
    const one = await listen({ token: people.judge.token, session_id });
    await expect.poll(async () => (await read(path)).body.listeners, SOON).toBe(1);
    const other = await listen({ token: people.petitioner.token, session_id }, 1);
    const [first, second] = [one, other].map(({ messages }) => messages.find(({ type }) => type === 'SNAPSHOT')!);
    const participants = [{ user_id: people.judge.id, status: 'connected' }];
    expect(first!.data.presence).toEqual({ listeners: 1, participants });
    expect(second!.data.presence).toEqual({ listeners: 2, participants });
  });

  test('over HTTP by every API, with its time, to those in whose scope the session is', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/join`, people.judge, { role: 'judge' }));
    await listen({ token: people.judge.token, session_id });
    await listen({ token: people.petitioner.token, session_id }, 1);
    const participants = [{ user_id: people.judge.id, status: 'connected' }];
    for (const api of stack.apis) {
      await expect
        .poll(async () => (await read(path, people.student, api)).body, SOON)
        .toEqual({ listeners: 2, participants, as_of: INSTANT });
    }
    const stranger = person('participant', { institution_id: randomUUID() });
    expect(await read(path, stranger)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await read('/api/session/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await read(path, null)).toMatchObject({ status: 401 });
  });
});
