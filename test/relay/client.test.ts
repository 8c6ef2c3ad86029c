/** The client against real servers: it follows, resumes, catches up, and gives out nothing that does not verify. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectOptions } from '../../src/client/client.ts';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { type Follower, followWith } from '../support/follower.ts';
import { honest, type Liar, type Lie, startLiar } from '../support/liar.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
const liars: Liar[] = [];
const followers: Follower[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack({ WS_MAX_REPLAY: '30' });
  people = cast();
});
afterEach(async () => {
  for (const { client } of followers.splice(0)) client.close();
  for (const liar of liars.splice(0)) await liar.stop();
});
afterAll(() => stack?.stop());

function follow(session: string, options: Partial<ConnectOptions> = {}): Follower {
  const { token } = people.student;
  const follower = followWith({ url: stack.relayUrl, api: stack.url, session, token, from: 0, ...options });
  followers.push(follower);
  return follower;
}

async function lying(lie: Lie): Promise<Liar> {
  const liar = await startLiar(stack.relayUrl, lie);
  liars.push(liar);
  return liar;
}

async function logMany(path: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } }));
  }
}

async function logOf(path: string): Promise<Json[]> {
  return (await must(get(stack.url, `${path}/logs`, people.admin))).logs;
}

describe.skipIf(isLeftOut)(`the client, ${kind}`, () => {
  test('gives out every event, exactly as the log has it, and then what happens', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 3);
    const { client, events, states, reached, becomes, broken } = follow(session_id);
    await becomes('live');
    await logMany(path, 3);
    await reached(8);
    expect(events).toEqual(await logOf(path));
    expect(states).toEqual(['syncing', 'live']);
    expect(client.position).toEqual({ event_sequence: 8, event_hash: events.at(-1)!.event_hash });
    client.close();
    expect(client.state).toBe('closed');
    expect(broken).toEqual([]);
  });

  test('without a position gives a snapshot, unverified, and verifies what follows it', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { events, snapshots, becomes, reached } = follow(session_id, { from: undefined! });
    await becomes('live');
    expect(snapshots).toMatchObject([{ verification: 'unverified', data: { head: { event_sequence: 2 } } }]);
    await logMany(path, 2);
    await reached(4);
    expect(events).toEqual((await logOf(path)).slice(2));
  });

  test('with a ticket alone fetches what is not replayed where the session is public, and is refused where it is not', async () => {
    const boards: Record<string, Follower> = {};
    for (const visibility of ['public', 'institution']) {
      const { session_id, path } = await openSession(stack.url, people, { visibility });
      await logMany(path, 32);
      const { ticket } = (await must(post(stack.url, `${path}/observe`, people.student))).result;
      boards[visibility] = follow(session_id, { token: undefined!, ticket });
    }
    await boards.public!.reached(34);
    expect(boards.public!.events).toHaveLength(34);
    await boards.institution!.becomes('closed');
    expect(boards.institution!.errors).toMatchObject([{ code: 'unauthenticated' }]);
    expect(boards.institution!.events).toEqual([]);
  });

  test('goes on from its last event when the connection is lost', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const liar = await lying(honest);
    const { events, states, becomes, reached } = follow(session_id, { url: liar.url });
    await becomes('live');
    liar.cut();
    await logMany(path, 2);
    await reached(4);
    await becomes('live');
    expect(events).toEqual(await logOf(path));
    expect(states).toEqual(['syncing', 'live', 'stale', 'syncing', 'live']);
    expect(liar.visits[1]).toContain('last_sequence=2');
  });

  test('fetches and verifies what the relay does not replay', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 50);
    const { events, snapshots, becomes, reached } = follow(session_id, { from: 2 });
    await becomes('live');
    await logMany(path, 1);
    await reached(53);
    expect(events).toEqual((await logOf(path)).slice(2));
    expect(snapshots).toHaveLength(1);
  });

  test('fetches what the relay says it has left out, before anything later', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const dropped = ({ type, event_sequence, event_hash }: Json, text: string) => {
      if (type !== 'EVENT' || event_sequence < 4 || event_sequence > 6) return [text];
      return event_sequence < 6 ? [] : [{ type: 'RESYNC', from: 4, to: 6, reason: 'slow', event_hash }];
    };
    const liar = await lying(dropped);
    const { events, broken, becomes, reached } = follow(session_id, { url: liar.url });
    await becomes('live');
    await logMany(path, 6);
    await reached(8);
    expect(events).toEqual(await logOf(path));
    expect(broken).toEqual([]);
  });

  test('finds by the answer to a PING that the last events were lost, and has them', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const liar = await lying(({ type, event_sequence }, text, nth) =>
      nth === 1 && type === 'EVENT' && event_sequence > 2 ? [] : [text],
    );
    const { events, broken, becomes, reached } = follow(session_id, { url: liar.url, timing: { ping_ms: 100 } });
    await becomes('live');
    await logMany(path, 2);
    await reached(4);
    expect(events).toEqual(await logOf(path));
    expect(broken).toEqual([]);
  });

  const LIES: [string, Lie, string][] = [
    ['alters a payload', (m, text) => [m.event_sequence === 4 ? text.replace('"n":2', '"n":3') : text], 'commitment'],
    ['alters a salt', (m, text) => [m.event_sequence === 4 ? altered(m, 'payload_salt') : text], 'commitment'],
    [
      'alters a commitment',
      (m, text) => [m.event_sequence === 4 ? altered(m, 'payload_commitment') : text],
      'commitment',
    ],
    ['alters a time', (m, text) => [m.event_sequence === 4 ? text.replace(/"20\d\d/, '"1999') : text], 'hash'],
    ['alters an actor', (m, text) => [m.event_sequence === 4 ? { ...m, actor_id: 'system' } : text], 'hash'],
    ['alters a hash', (m, text) => [m.event_sequence === 4 ? altered(m, 'event_hash') : text], 'hash'],
    ['alters a link', (m, text) => [m.event_sequence === 4 ? altered(m, 'previous_hash') : text], 'link'],
    [
      'says that a payload was erased and keeps its salt',
      (m, text) => [m.event_sequence === 4 ? { ...m, payload: null, erased: true } : text],
      'unreadable',
    ],
    ['drops one event', (m, text) => (m.event_sequence === 4 && m.type === 'EVENT' ? [] : [text]), 'gap'],
    ['replays one', (m, text) => (m.event_sequence === 4 && m.type === 'EVENT' ? [text, text] : [text]), 'repeated'],
    ['sends what is no JSON', (m, text) => [m.event_sequence === 4 ? text.slice(1) : text], 'unreadable'],
    [
      'shows another session',
      (m, text) => [m.event_sequence === 4 ? text.replaceAll(m.session_id, people.student.id) : text],
      'stream',
    ],
    [
      'lies about the head in WELCOME',
      (m, text) => [m.type === 'WELCOME' ? { ...m, head: { ...m.head, event_hash: 'ab'.repeat(32) } } : text],
      'head',
    ],
    [
      'lies about the head in PONG',
      (m, text) => [m.type === 'PONG' ? { ...m, head: { ...m.head, event_hash: 'ab'.repeat(32) } } : text],
      'head',
    ],
    [
      'speaks of events that the log does not have',
      (m, text) => [m.type === 'PONG' ? { ...m, head: { event_sequence: 99, event_hash: 'ab'.repeat(32) } } : text],
      'withheld',
    ],
    [
      'has less than it had',
      (m, text) =>
        m.event_sequence === 4 && m.type === 'EVENT'
          ? [{ type: 'RESYNC', reason: 'position_ahead', from: 2, to: 3, event_hash: m.previous_hash }]
          : [text],
      'cut_off',
    ],
    ['swaps two', swapping(4, 5), 'gap'],
  ];

  test.each(LIES)('a relay that %s breaks the chain, and nothing later is given out', async (_, lie, code) => {
    const { session_id, path } = await openSession(stack.url, people);
    await logMany(path, 4);
    const liar = await lying(lie);
    const { client, events, broken, errors, states, becomes } = follow(session_id, {
      url: liar.url,
      timing: { ping_ms: 100 },
    });
    const read = (async () => {
      for await (const _event of client.events()) if (_event.event_sequence > 6) return 'read on';
      return 'ended';
    })().catch((error) => error);
    await becomes('closed');
    expect(broken.map((fault) => fault.code)).toEqual([code]);
    expect(await read).toBe(broken[0]);
    expect(errors).toEqual([]);
    expect(states.at(-1)).toBe('closed');
    const log = await logOf(path);
    expect(events).toEqual(log.slice(0, events.length));
    if (!['PONG'].some((type) => String(lie).includes(type))) expect(events.length).toBeLessThan(6);
  });
});

function altered(message: Json, field: string): Json {
  const text = message[field] as string;
  return { ...message, [field]: (text[0] === '0' ? '1' : '0') + text.slice(1) };
}

/** The first of the two is kept back until the second has gone out. */
function swapping(first: number, second: number): Lie {
  let kept = '';
  return ({ type, event_sequence }, text) => {
    if (type !== 'EVENT') return [text];
    if (event_sequence === first) {
      kept = text;
      return [];
    }
    return event_sequence === second ? [text, kept] : [text];
  };
}
