/** The relay over real sockets: who gets in, what a listener is sent, and that nothing is lost, doubled or out of order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signToken } from '../../src/infra/tokens.ts';
import { type Cast, cast, get, type Json, must, openSession, person, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import {
  type Listener,
  type ListenOptions,
  listenOnSocketIo,
  listenOnSse,
  listenOnWebSocket,
} from '../support/listener.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack({ WS_MAX_REPLAY: '50' });
  people = cast();
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

const TRANSPORTS = {
  websocket: (options: ListenOptions) => listenOnWebSocket(stack.relayUrl, options),
  'socket.io': (options: ListenOptions) => listenOnSocketIo(stack.relayUrl, options),
  'an event stream': (options: ListenOptions) => listenOnSse(stack.relayUrl, options),
  'socket.io by websocket alone': (options: ListenOptions) => listenOnSocketIo(stack.relayUrl, options, ['websocket']),
};
const TRIED = someOf(Object.entries(TRANSPORTS), 3);

const types = (listener: Listener) => listener.messages.map(({ type }) => type);
const sequences = (listener: Listener) => listener.events().map(({ event_sequence }) => event_sequence);
const standing = ({ user_id, status }: Json) => ({ user_id, status });
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

async function logMany(path: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } }));
  }
}

async function head(path: string): Promise<number> {
  return (await must(get(stack.url, path, people.admin))).head.event_sequence;
}

describe.skipIf(isLeftOut).each(TRIED)(`listening on %s, ${kind}`, (transport, connect) => {
  const listen = async (options: ListenOptions) => {
    const listener = await connect(options);
    open.push(listener);
    return listener;
  };

  test('without a position there is a snapshot, then what happens from there on', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
    const listener = await listen({ token: people.student.token, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    // Who listens may be told at once.
    expect(types(listener).slice(0, 3)).toEqual(['WELCOME', 'SNAPSHOT', 'SYNCED']);
    const [welcome, snapshot, synced] = listener.messages as [Json, Json, Json];
    const { body: session } = await get(stack.url, path, people.admin);
    const { body: participants } = await get(stack.url, `${path}/participants`, people.admin);
    expect(welcome).toMatchObject({ mode: 'snapshot', head: session.head });
    expect(snapshot.data).toEqual({
      session,
      signed_head: expect.stringContaining(session.head.event_hash),
      participants: participants.items,
      turn: null,
      clock: null,
      objections: [],
      exhibits: [],
      presence: { listeners: 1, participants: participants.items.map(standing) },
      head: session.head,
    });
    expect(synced).toEqual({ type: 'SYNCED', event_sequence: 3 });
    await logMany(path, 3);
    await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === 6);
    expect(sequences(listener)).toEqual([4, 5, 6]);
  });

  test('from position 0 there is every event, and each is exactly the log entry', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 5);
    const listener = await listen({ token: people.student.token, session_id, last_sequence: 0 });
    await logMany(path, 5);
    await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === 12);
    const { body } = await get(stack.url, `${path}/logs`, people.admin);
    expect(listener.events()).toEqual(body.logs);
    expect(listener.messages[0]).toMatchObject({ type: 'WELCOME', mode: 'delta', recovered: true });
  });

  test('from position n there is exactly what follows n', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 10);
    const listener = await listen({ token: people.student.token, session_id, last_sequence: 7 });
    await listener.until(({ type }) => type === 'SYNCED');
    expect(sequences(listener)).toEqual(upTo(12, 8));
  });

  test('at the head there is nothing to catch up', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const listener = await listen({ token: people.student.token, session_id, last_sequence: await head(path) });
    await listener.until(({ type }) => type === 'SYNCED');
    expect(types(listener)).toEqual(['WELCOME', 'SYNCED']);
    expect(listener.messages[0]).toMatchObject({ mode: 'live', recovered: true });
  });

  test('further behind than is replayed there is a snapshot that says so', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 60);
    const listener = await listen({ token: people.student.token, session_id, last_sequence: 2 });
    await listener.until(({ type }) => type === 'SYNCED');
    expect(types(listener)).toEqual(['WELCOME', 'SNAPSHOT', 'SYNCED']);
    expect(listener.messages[0]).toMatchObject({ mode: 'snapshot', recovered: false });
  });

  test('ahead of the head there is a resync and a snapshot', async () => {
    const { session_id } = await openSession(stack.url, people);
    const listener = await listen({ token: people.student.token, session_id, last_sequence: 999 });
    await listener.until(({ type }) => type === 'SYNCED');
    expect(types(listener)).toEqual(['WELCOME', 'RESYNC', 'SNAPSHOT', 'SYNCED']);
    expect(listener.messages[1]).toMatchObject({ reason: 'position_ahead' });
  });

  test('events recorded while one joins come once and in order', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const logging = Promise.all(
      upTo(40).map((n) =>
        must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } })),
      ),
    );
    const joined = await Promise.all(
      upTo(8).map(() => listen({ token: people.student.token, session_id, last_sequence: 0 })),
    );
    await logging;
    for (const listener of joined) {
      await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === 42);
      expect(sequences(listener)).toEqual(upTo(42));
    }
  });

  test.skipIf(transport === 'an event stream')(
    'a listener may ping, acknowledge and ask for the state, and nothing else',
    async () => {
      const { session_id, path } = await openSession(stack.url, people);
      const listener = await listen({ token: people.student.token, session_id });
      await listener.until(({ type }) => type === 'SYNCED');
      listener.send({ type: 'PING' });
      const pong = await listener.until(({ type }) => type === 'PONG');
      expect(pong.head.event_sequence).toBe(2);
      expect(pong.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
      listener.send({ type: 'ACK', last_sequence: 2 });
      listener.send({ type: 'REQUEST_STATE' });
      await listener.until((message) => message.type === 'SNAPSHOT' && message !== listener.messages[1]);
      const wrong: Json[] = [
        { type: 'EVENT', event_type: 'FORGED' },
        { type: 'PING', extra: 1 },
        { type: 'ACK' },
        { type: 'ACK', last_sequence: -1 },
        { type: 'session.start' },
      ];
      for (const message of wrong) {
        const before = listener.messages.length;
        listener.send(message);
        const error = await listener.until((m) => m.type === 'ERROR' && listener.messages.indexOf(m) >= before);
        expect(error.code).toBe('message_not_allowed');
      }
      expect(await head(path)).toBe(2);
    },
  );

  test('a session of another institution and one that does not exist are refused alike', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'private' });
    const stranger = person('admin', { institution_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e99' });
    const refusals = await Promise.all(
      [session_id, crypto.randomUUID(), 'no-uuid'].map((id) =>
        connect({ token: stranger.token, session_id: id }).catch((error) => error),
      ),
    );
    for (const refusal of refusals) expect(describeRefusal(refusal)).toBe(404);
  });

  test('a token that is missing, expired or forged is refused', async () => {
    const { session_id } = await openSession(stack.url, people);
    const claims = { sub: people.student.id, role: 'participant', institution_id: people.institution_id };
    const expired = signToken({ ...claims, exp: Math.floor(Date.now() / 1_000) - 60 }, SECRET);
    const forged = signToken({ ...claims, exp: Math.floor(Date.now() / 1_000) + 60 }, `${SECRET}, but another`);
    for (const token of [null, expired, forged, 'nonsense']) {
      const refusal = await connect({ token, session_id }).catch((error) => error);
      expect(describeRefusal(refusal)).toBe(401);
    }
  });

  test('an observer ticket opens its own session and no other', async () => {
    const { session_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    const other = await openSession(stack.url, people, { visibility: 'public' });
    const { result } = await must(post(stack.url, `${path}/observe`, null));
    const listener = await listen({ token: result.ticket, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    const refusal = await connect({ token: result.ticket, session_id: other.session_id }).catch((error) => error);
    expect(describeRefusal(refusal)).toBe(404);
    const asToken = await get(stack.url, path, { ...people.student, token: result.ticket });
    expect(asToken.status).toBe(401);
  });

  test('a malformed position is refused', async () => {
    const { session_id } = await openSession(stack.url, people);
    for (const last_sequence of ['x', '-1', '1.5']) {
      const refusal = await connect({ token: people.student.token, session_id, last_sequence }).catch((error) => error);
      expect([422, 400]).toContain(describeRefusal(refusal));
    }
  });
});

function describeRefusal(error: Error & { data?: { status: number } }): number {
  return error.data?.status ?? Number(/refused with (\d+)/.exec(error.message)?.[1]);
}

describe.skipIf(isLeftOut)(`lost announcements, ${kind}`, () => {
  test('events that were never announced, the last one included, still come within moments', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const listener = await listenOnWebSocket(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 0,
    });
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    const silenced = stack.backbones.map(({ broadcast }) => broadcast);
    const publish = silenced.map((broadcast) => broadcast.publish);
    for (const broadcast of silenced) {
      const through = broadcast.publish;
      broadcast.publish = (channel, message) =>
        channel.startsWith('session:') ? Promise.resolve() : through(channel, message);
    }
    try {
      await logMany(path, 4);
      await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === 6);
      expect(sequences(listener)).toEqual(upTo(6));
    } finally {
      silenced.forEach((broadcast, i) => {
        broadcast.publish = publish[i]!;
      });
    }
  });

  test('a forged announcement reaches nobody', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const listener = await listenOnWebSocket(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 0,
    });
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    const { body } = await get(stack.url, `${path}/logs`, people.admin);
    const forged = { ...body.logs[1], event_sequence: 3, event_type: 'FORGED', previous_hash: 'f'.repeat(64) };
    const { broadcast } = stack.backbones[0]!;
    for (const message of [JSON.stringify([forged]), 'nonsense', '[{}]', '[null]']) {
      await broadcast.publish(`session:${session_id}`, message);
    }
    await logMany(path, 2);
    await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === 4);
    expect(listener.events().map(({ event_type }) => event_type)).toEqual([
      'SESSION_CREATED',
      'SESSION_STARTED',
      'NOTE',
      'NOTE',
    ]);
  });
});
