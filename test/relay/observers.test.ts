/** Observations follow their sockets: while one is open their lease holds, and attendance says how many looked on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OBSERVERS } from '../../src/infra/presence/observers.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnSse, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const SOON = { timeout: 25_000, interval: 50 };

describe.skipIf(isLeftOut)('an observation', () => {
  let stack: Stack;
  let people: Cast;
  const open: Listener[] = [];

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(async () => {
    for (const listener of open) listener.close();
    await stack.stop();
  });

  const observe = async (path: string, who: Person | null): Promise<Json> =>
    (await must(post(stack.url, `${path}/observe`, who))).result;
  const lapseOf = async (id: string) => (await stack.backbones.at(-1)!.observers.lapses([id])).lapsed_ms[0]!;

  test.each([
    ['a WebSocket', listenOnWebSocket],
    ['socket.io', listenOnSocketIo],
    ['an event stream', listenOnSse],
  ])('is leased from when %s of it is open until ten minutes beyond', async (_, connect) => {
    const { session_id, path } = await openSession(stack.url, people);
    const { id, ticket } = await observe(path, people.student);
    expect(await lapseOf(id)).toBeNull();
    const listener = await connect(stack.relayUrl, { token: ticket, session_id });
    open.push(listener);
    await expect.poll(() => lapseOf(id), SOON).toBeLessThan(-OBSERVERS.lease_ms + 60_000);
    const held = await lapseOf(id);
    await expect.poll(() => lapseOf(id), SOON).toBeGreaterThan(held + 500);
    const before = await lapseOf(id);
    listener.close();
    await expect.poll(() => lapseOf(id), SOON).toBeLessThan(before);
  });

  /** Runs what is to be done while another transaction holds a lock. */
  async function locking<T>(lock: string, values: unknown[], work: () => Promise<T>): Promise<T> {
    const client = await stack.pool.connect();
    try {
      await client.query('begin');
      await client.query(lock, values);
      return await work();
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  test('begins and ends while commands of its session wait', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const lock = 'select from streams where stream = $1 for update';
    const waiting = await locking(lock, [`session:${session_id}`], async () => {
      const note = { event_type: 'NOTE', details: {} };
      const asked = await post(stack.url, `${path}/log`, people.admin, note, { prefer: 'respond-async' });
      const { id } = await observe(path, people.student);
      await must(post(stack.url, `${path}/observe/${id}/leave`, people.student));
      const location = asked.headers.get('location')!;
      expect((await get(stack.url, location, people.admin)).body.status).toBe('accepted');
      return location;
    });
    const end = async () => (await get(stack.url, waiting, people.admin)).body.status;
    await expect.poll(end, { timeout: 20_000, interval: 50 }).toBe('applied');
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('that waits is waited for by no clerk', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const crowd = await locking('lock table session_observations in exclusive mode', [], async () => {
      const asking = Array.from({ length: 40 }, () =>
        post(stack.url, `${path}/observe`, people.student, {}, { prefer: 'respond-async' }),
      );
      const asked = await Promise.all(asking);
      await must(post(stack.url, `${path}/log`, people.admin, { event_type: 'NOTE', details: {} }));
      return asked.map(({ headers }) => headers.get('location')!);
    });
    const ends = async () =>
      new Set(await Promise.all(crowd.map(async (one) => (await get(stack.url, one, people.student)).body.status)));
    await expect.poll(ends, { timeout: 20_000, interval: 200 }).toEqual(new Set(['applied']));
    await expectIntact(stack.url, session_id, people.admin);
  });

  test("is begun and ended at the session's head where it is asked for with If-Match", async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { event_sequence } = (await must(get(stack.url, path, people.admin))).head;
    const at = (sequence: number) => ({ 'if-match': `"${sequence}"` });
    const late = await post(stack.url, `${path}/observe`, people.student, {}, at(event_sequence - 1));
    expect(late.body.code).toBe('precondition_failed');
    const { result } = await must(post(stack.url, `${path}/observe`, people.student, {}, at(event_sequence)));
    const leave = `${path}/observe/${result.id}/leave`;
    expect((await post(stack.url, leave, people.student, {}, at(event_sequence + 1))).status).toBe(412);
    await must(post(stack.url, leave, people.student, {}, at(event_sequence)));
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('counts in the attendance, each person once, for as long as it lasted and not beyond the end', async () => {
    const { session_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    const observers = async () => (await must(get(stack.url, `${path}/attendance`, people.admin))).observers;
    expect(await observers()).toEqual({ count: 0, looking_on: 0, present_ms: 0, minutes: 0 });
    const ids: string[] = [];
    for (const who of [people.student, people.student, null, null, null]) ids.push((await observe(path, who)).id);
    await expect.poll(observers, SOON).toMatchObject({ count: 4, looking_on: 4 });
    // Two hours ago, for an hour and a half; and one that never had a socket.
    const set = `update session_observations set observed_at = observed_at - interval '2 hours'`;
    await stack.pool.query(`${set}, left_at = observed_at - interval '30 minutes' where id = $1`, [ids[2]]);
    await stack.pool.query(`${set}, left_at = observed_at - interval '2 hours' where id = $1`, [ids[3]]);
    const now = await observers();
    expect(now).toMatchObject({ count: 3, looking_on: 2, minutes: 90 });
    await must(post(stack.url, `${path}/complete`, people.presiding));
    const final = await observers();
    expect(final).toMatchObject({ count: 3, looking_on: 2, minutes: 90 });
    await stack.pool.query(`update session_observations set left_at = now() + interval '1 hour' where id = $1`, [
      ids[0],
    ]);
    expect(await observers()).toEqual(final);
    await observe(path, people.student);
    expect(await observers()).toEqual(final);
    await expectIntact(stack.url, session_id, people.admin);
  });
});
