/** The client's parts that know neither socket nor server: waits, readers, callbacks, time, tokens, options. */
import { describe, expect, test } from 'vitest';
import { createBackoff } from '../../src/client/backoff.ts';
import { addressOf, readOptions } from '../../src/client/options.ts';
import type { SessionEvent, SocketConstructor } from '../../src/client/protocol.ts';
import { createReaders } from '../../src/client/readers.ts';
import { createServerTime } from '../../src/client/serverTime.ts';
import { createTokens } from '../../src/client/tokens.ts';

const event = (event_sequence: number) => ({ event_sequence }) as SessionEvent;

test('waits are drawn from all of a bound that doubles up to its end, and begin anew', () => {
  const whole = createBackoff(500, 3_000, () => 0.999);
  expect([1, 2, 3, 4, 5].map(() => whole.next())).toEqual([499, 999, 1998, 2997, 2997]);
  whole.reset();
  expect(whole.next()).toBe(499);
  expect(createBackoff(500, 3_000, () => 0).next()).toBe(0);
});

describe('a reader', () => {
  test('gets every event once, in order, however it asks', async () => {
    const readers = createReaders(10);
    const reader = readers.add();
    const early = [reader.next(), reader.next()];
    for (const n of [1, 2, 3]) readers.give(event(n));
    const values = [...(await Promise.all(early)), await reader.next()].map(({ value }) => value.event_sequence);
    expect(values).toEqual([1, 2, 3]);
  });

  test('that does not read makes the others wait, until half of its queue is read', async () => {
    const readers = createReaders(4);
    const reader = readers.add();
    for (const n of [1, 2, 3]) readers.give(event(n));
    expect(readers.isFull()).toBe(false);
    readers.give(event(4));
    expect(readers.isFull()).toBe(true);
    let hasRoom = false;
    const room = readers.whenRoom().then(() => {
      hasRoom = true;
    });
    await reader.next();
    expect([readers.isFull(), hasRoom]).toEqual([true, false]);
    await reader.next();
    await room;
    expect(readers.isFull()).toBe(false);
  });

  test('that leaves holds nobody up', async () => {
    const readers = createReaders(1);
    const reader = readers.add();
    readers.give(event(1));
    const room = readers.whenRoom();
    await reader.return!();
    await room;
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('reads what was given before the end, and is then told why', async () => {
    const readers = createReaders(10);
    const reader = readers.add();
    readers.give(event(1));
    readers.end(new Error('broken'));
    expect((await reader.next()).value).toEqual(event(1));
    await expect(reader.next()).rejects.toThrow('broken');
    expect((await reader.next()).done).toBe(true);
  });
});

test("the server's time is taken from answers that came quickly", () => {
  const time = createServerTime();
  const now = Date.now();
  time.learn(new Date(now + 5_000).toISOString(), now - 10, now + 10);
  expect(time.now() - Date.now()).toBeCloseTo(5_000, -2);
  time.learn(new Date(now + 9_000).toISOString(), now - 4_000, now);
  time.learn('no time', now, now);
  expect(time.now() - Date.now()).toBeCloseTo(5_000, -2);
});

describe('tokens', () => {
  test('that are a function are asked for again after a refusal, but the same one is not shown twice', async () => {
    const given = ['first', 'second', 'second'];
    const tokens = createTokens(() => given.shift()!, undefined);
    expect([await tokens.get(), tokens.current()]).toEqual(['first', 'first']);
    expect(tokens.isRenewable()).toBe(true);
    await tokens.get();
    expect(tokens.isRenewable()).toBe(true);
    await tokens.get();
    expect(tokens.isRenewable()).toBe(false);
  });

  test('that end soon are followed by another, never by themselves', async () => {
    const given = ['first', 'first', 'second'];
    const tokens = createTokens(() => given.shift()!, undefined);
    await tokens.get();
    expect(await tokens.renew()).toBeUndefined();
    expect([await tokens.renew(), tokens.current()]).toEqual(['second', 'second']);
    const failing = createTokens(() => Promise.reject(new Error('away')), undefined);
    expect(await failing.renew()).toBeUndefined();
  });

  test('that are text are not', async () => {
    const tokens = createTokens('text', undefined);
    await tokens.get();
    expect(tokens.isRenewable()).toBe(false);
    expect(await tokens.renew()).toBeUndefined();
  });

  test('leave the sockets to a ticket', async () => {
    const tokens = createTokens(() => 'token', 'ticket');
    expect([await tokens.get(), tokens.current()]).toEqual(['ticket', 'token']);
    expect(tokens.isRenewable()).toBe(false);
  });
});

describe('options', () => {
  const session = '018F3C1E-7B2A-7C11-9D0E-0000000B0000';
  const Socket = class {} as unknown as SocketConstructor;
  const read = (changes: object) =>
    readOptions({ url: 'http://court.example', session, WebSocket: Socket, ...changes });

  test('name relay and API by either scheme, under a path too', () => {
    const found = read({ url: 'https://court.example:8443/moot/' });
    expect([found.relay(), found.api(), found.session]).toEqual([
      'wss://court.example:8443/moot',
      'https://court.example:8443/moot',
      session.toLowerCase(),
    ]);
    const relays = ['ws://first.example', 'ws://second.example', 'ws://third.example'];
    const several = read({ url: () => relays.shift()!, api: 'https://api.example' });
    expect([several.relay(), several.relay(), several.api()]).toEqual([
      'ws://first.example',
      'ws://second.example',
      'https://api.example',
    ]);
  });

  test.each([
    ['a session that is no id', { session: 'x/../y' }],
    ['another scheme', { url: 'file:///etc' }],
    ['a position that is no number', { from: -1 }],
    ['a position that is a fraction', { from: 1.5 }],
  ])('refuse %s', (_, changes) => {
    expect(() => read(changes)).toThrow(TypeError);
  });

  test('say where the connection goes on', () => {
    const address = addressOf('ws://relay', 'id', { token: 'a b', ticket: 't', last_sequence: 0, seat: false });
    expect(address).toBe('ws://relay/live/ws/id?token=a+b&last_sequence=0&resume_ticket=t&seat=false');
    const bare = addressOf('ws://relay', 'id', {
      token: undefined,
      ticket: undefined,
      last_sequence: undefined,
      seat: true,
    });
    expect(bare).toBe('ws://relay/live/ws/id?');
  });
});
