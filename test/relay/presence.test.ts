/**
 * What sockets make of participants: lost for a moment, or longer, and found again. Relays, leases, the watch and the
 * commands are the real ones. What comes of who is away for half a minute: test/jobs/watchPresence.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PRESENCE } from '../../src/infra/presence/presence.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

describe.skipIf(isLeftOut)('presence', () => {
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

  async function listen(session_id: string, who: Person, relay = 0): Promise<Listener> {
    const url = stack.relays[relay % stack.relays.length]!;
    const listener = await listenOnWebSocket(url, { token: who.token, session_id });
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    return listener;
  }

  const seatOf = async (path: string, who: Person): Promise<Json> => {
    const { items } = await must(get(stack.url, `${path}/participants`, people.admin));
    return items.find(({ user_id }: Json) => user_id === who.id);
  };
  const typesOf = async (path: string): Promise<string[]> => {
    const { logs } = await must(get(stack.url, `${path}/logs`, people.admin));
    return logs.map(({ event_type }: Json) => event_type).filter((type: string) => type.startsWith('PARTICIPANT_'));
  };
  const statusBecomes = (path: string, who: Person, status: string) =>
    vi.waitFor(async () => expect((await seatOf(path, who)).status).toBe(status), PATIENCE);
  /** Somebody whose coming and going shows that the watch has looked since. */
  async function settled(session_id: string, path: string): Promise<void> {
    const before = (await typesOf(path)).length;
    const listener = await listen(session_id, people.judge);
    await seen(session_id, people.judge);
    listener.close();
    await vi.waitFor(async () => expect((await typesOf(path)).length).toBeGreaterThan(before), PATIENCE);
  }
  /** A relay has said that this person has a socket, and the watch has dealt with all that was said. */
  const seen = (session_id: string, { id: user_id }: Person) =>
    vi.waitFor(async () => {
      for (const { presence } of stack.backbones) {
        expect(await presence.arePresent([{ session_id, user_id }])).toEqual([true]);
        expect(await presence.changed(100)).toEqual([]);
      }
    }, PATIENCE);
  const join = (path: string, who: Person, role: string) => must(post(stack.url, `${path}/join`, who, { role }));

  test('who loses the last socket is waited for, and is connected again by the next', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await join(path, people.petitioner, 'petitioner');
    const first = await listen(session_id, people.petitioner);
    const onlooker = await listen(session_id, people.admin, 1);
    await seen(session_id, people.petitioner);
    first.close();
    const away = await onlooker.until(({ event_type }) => event_type === 'PARTICIPANT_RECONNECTING');
    expect(away).toMatchObject({ actor_id: 'system', payload: { user_id: people.petitioner.id } });
    expect(await seatOf(path, people.petitioner)).toMatchObject({ status: 'reconnecting', left_at: null });
    const second = await listen(session_id, people.petitioner, 1);
    await onlooker.until(({ event_type }) => event_type === 'PARTICIPANT_RECONNECTED');
    const seat = await seatOf(path, people.petitioner);
    expect(seat).toMatchObject({ status: 'connected', left_at: null, connection_count: 2 });
    expect(seat).not.toHaveProperty('unseen_since');
    const snapshot = (await second.until(({ type }) => type === 'SNAPSHOT')).data;
    expect(snapshot.participants).toMatchObject([{ user_id: people.petitioner.id, status: 'reconnecting' }]);
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('one person with a socket at each relay is there until the last is closed', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await join(path, people.petitioner, 'petitioner');
    await join(path, people.judge, 'judge');
    const one = await listen(session_id, people.petitioner, 0);
    const other = await listen(session_id, people.petitioner, 1);
    await seen(session_id, people.petitioner);
    one.close();
    await settled(session_id, path);
    expect(await seatOf(path, people.petitioner)).toMatchObject({ status: 'connected', connection_count: 1 });
    other.close();
    await statusBecomes(path, people.petitioner, 'reconnecting');
    await expectIntact(stack.url, session_id, people.admin);
  });

  /** So soon that it is no absence, which a busy machine does not manage each time. */
  async function comeRightBack(tries = 10): Promise<{ session_id: string; path: string }> {
    const opened = await openSession(stack.url, people);
    const { session_id, path } = opened;
    await join(path, people.petitioner, 'petitioner');
    await join(path, people.respondent, 'respondent');
    await join(path, people.judge, 'judge');
    const first = await listen(session_id, people.petitioner);
    await seen(session_id, people.petitioner);
    const gone_at = performance.now();
    first.close();
    await listen(session_id, people.petitioner, 1);
    if (performance.now() - gone_at < PRESENCE.flicker_ms / 2) return opened;
    if (tries > 1) return comeRightBack(tries - 1);
    throw new Error('on this machine nobody comes back in time');
  }

  test('a socket that comes right back is no event, nor one that was never there', async () => {
    const { session_id, path } = await comeRightBack();
    await settled(session_id, path);
    const types = await typesOf(path);
    expect(types.slice(0, 3)).toEqual(Array(3).fill('PARTICIPANT_JOINED'));
    expect(types.slice(3)).toEqual(['PARTICIPANT_RECONNECTING']);
    expect(await seatOf(path, people.judge)).toMatchObject({ status: 'reconnecting' });
    for (const who of [people.petitioner, people.respondent]) {
      expect(await seatOf(path, who)).toMatchObject({ status: 'connected', connection_count: 1 });
    }
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('who left by their own word is not brought back by a socket, and spectators are nobody’s participants', async () => {
    const { session_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    await join(path, people.petitioner, 'petitioner');
    await join(path, people.judge, 'judge');
    await must(post(stack.url, `${path}/leave`, people.petitioner));
    const { result } = await must(post(stack.url, `${path}/observe`, people.respondent));
    await listen(session_id, people.petitioner);
    const onlooker = await listenOnSocketIo(stack.relayUrl, { token: result.ticket, session_id });
    open.push(onlooker);
    const student = await listen(session_id, people.student);
    await seen(session_id, people.petitioner);
    onlooker.close();
    student.close();
    await settled(session_id, path);
    expect(await seatOf(path, people.petitioner)).toMatchObject({ status: 'disconnected', connection_count: 1 });
    expect((await typesOf(path)).slice(2)).toEqual(['PARTICIPANT_LEFT', 'PARTICIPANT_RECONNECTING']);
    await expectIntact(stack.url, session_id, people.admin);
  });

  const WITHOUT_SEAT = someOf([
    ['websocket', listenOnWebSocket],
    ['socket.io', listenOnSocketIo],
  ] as const);
  test.each(WITHOUT_SEAT)('who listens on %s without a seat is not seen to come, nor to go', async (_, connect) => {
    const { session_id, path } = await openSession(stack.url, people);
    await join(path, people.petitioner, 'petitioner');
    await join(path, people.judge, 'judge');
    const unseated = await connect(stack.relayUrl, { token: people.petitioner.token, session_id, seat: false });
    open.push(unseated);
    await unseated.until(({ type }) => type === 'SYNCED');
    await settled(session_id, path);
    const [{ presence }] = stack.backbones as [Stack['backbones'][number]];
    expect(await presence.arePresent([{ session_id, user_id: people.petitioner.id }])).toEqual([false]);
    unseated.close();
    await unseated.closed;
    const seated = await connect(stack.relayUrl, { token: people.petitioner.token, session_id, seat: true });
    open.push(seated);
    await seen(session_id, people.petitioner);
    expect((await typesOf(path)).slice(2)).not.toContain('PARTICIPANT_LOST');
    expect(await seatOf(path, people.petitioner)).toMatchObject({ status: 'connected', connection_count: 1 });
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('whether a seat is wanted is true or false, and anything else is refused', async () => {
    const { session_id } = await openSession(stack.url, people);
    const asking = { token: people.petitioner.token, session_id, seat: 'maybe' };
    await expect(listenOnWebSocket(stack.relayUrl, asking)).rejects.toThrow('refused with 422');
    const refused = { data: { code: 'validation_failed', status: 422 } };
    await expect(listenOnSocketIo(stack.relayUrl, asking)).rejects.toMatchObject(refused);
  });
});
