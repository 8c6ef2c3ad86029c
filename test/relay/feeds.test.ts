/** Following matches on real sockets: what is told of each and in which order, each refusal, each bound, and each closing. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { createMatches, eventOf, type Matches, type TestMatch } from '../support/matches.ts';
import { refusedAtPath, refusedOnSocketIo, refusedOnWebSocket } from '../support/refused.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let matches: Matches;
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  matches = createMatches(stack.pool, stack.backbones[0]!.fanout);
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

const TRANSPORTS = [
  ['websocket', listenOnWebSocket],
  ['socket.io', listenOnSocketIo],
] as const;
const namespace = '/feeds';
const SOON = { timeout: 20_000, interval: 50 };
/** Long enough to connect on a busy machine. */
const SOON_SECONDS = 5;

const make = (visibility?: 'private' | 'institution' | 'public') =>
  matches.make({ institution_id: people.institution_id, ...(visibility && { visibility }) });
const isOf = (type: string, match?: TestMatch) => (one: Json) =>
  one.type === type && (match === undefined || one.match_id === match.id);

async function listen(
  who: Person = people.student,
  on: typeof listenOnWebSocket | typeof listenOnSocketIo = listenOnWebSocket,
  more: Partial<ListenOptions> = {},
): Promise<Listener> {
  const listener = await on(stack.relays.at(-1)!, { token: who.token, namespace, ...more });
  open.push(listener);
  await listener.until(isOf('state'));
  return listener;
}

async function follow(listener: Listener, match: TestMatch, tiers = [0]): Promise<void> {
  const before = new Set(listener.messages);
  const isNew = (one: Json) => isOf('snapshot', match)(one) && !before.has(one);
  listener.send({ type: 'subscribe', match_id: match.id, tiers });
  for (const tier of tiers) await listener.until((one) => isNew(one) && one.tier === tier);
}

const toldOf = ({ messages }: Listener, match: TestMatch) => messages.filter(({ match_id }) => match_id === match.id);

describe.skipIf(isLeftOut).each(TRANSPORTS)('feeds on %s', (_, on) => {
  test(`a board is told how a match is, and from there on each change in order, ${kind}`, async () => {
    const match = await make();
    await matches.change(match, 1, {}, { events: 2 });
    const listener = await listen(people.student, on);
    await follow(listener, match, [0, 1]);
    await listener.until(isOf('events_batch', match));
    await matches.change(match, 0, { phase: 'break' });
    await matches.change(match, 1, {}, { events: 1 });
    await matches.change(match, 2, { wins: 3 });
    await matches.change(match, 0, { phase: 'live', behind_minutes: 2 });
    await listener.until(({ version, type }) => type === 'delta' && version === 6);
    const { id: match_id } = match;
    expect(toldOf(listener, match).filter(({ tier }) => tier === 0)).toEqual([
      { type: 'snapshot', match_id, tier: 0, version: 2, seq: 2, state: { phase: 'live', behind_minutes: 0 } },
      { type: 'delta', match_id, tier: 0, version: 3, seq: 2, changed: { phase: 'break' } },
      { type: 'delta', match_id, tier: 0, version: 6, seq: 3, changed: { phase: 'live', behind_minutes: 2 } },
    ]);
    await listener.until(({ version, tier }) => tier === 1 && version === 4);
    expect(toldOf(listener, match).filter(({ tier }) => tier !== 0)).toEqual([
      { type: 'snapshot', match_id, tier: 1, version: 2, seq: 2, state: {} },
      { type: 'events_batch', match_id, events: [eventOf(1), eventOf(2)] },
      { type: 'events_batch', match_id, events: [eventOf(3)] },
      { type: 'delta', match_id, tier: 1, version: 4, seq: 3, changed: {} },
    ]);
  });

  test('the first message says how the connection stands; unsubscribe is answered by the same, and nothing follows', async () => {
    const [match, other] = await Promise.all([make(), make()]);
    const listener = await listen(people.student, on);
    expect(listener.messages).toEqual([
      {
        ...{ type: 'state', state: 'open', subscriptions: [], most_subscriptions: 25 },
        ...{ resume_ticket: expect.any(String), reconnect_in_ms: null },
      },
    ]);
    await follow(listener, match, [0, 2]);
    await follow(listener, other);
    listener.send({ type: 'unsubscribe', match_id: match.id });
    const state = await listener.until(({ subscriptions }) => subscriptions?.length === 1);
    expect(state.subscriptions).toEqual([{ match_id: other.id, tiers: [0] }]);
    await matches.change(match, 0, { phase: 'break' });
    await matches.change(other, 0, { phase: 'break' });
    await listener.until(isOf('delta', other));
    expect(toldOf(listener, match).filter(isOf('delta'))).toEqual([]);
  });

  test('subscribing again changes the tiers, and begins with fresh snapshots', async () => {
    const match = await make();
    const listener = await listen(people.student, on);
    await follow(listener, match, [0]);
    await matches.change(match, 0, { phase: 'break' });
    await listener.until(isOf('delta', match));
    await follow(listener, match, [0, 2]);
    await listener.until(({ type, tier, version }) => type === 'snapshot' && tier === 0 && version === 2);
    await follow(listener, match, [2]);
    await matches.change(match, 0, { phase: 'live' });
    await matches.change(match, 2, { wins: 1 });
    await listener.until(({ type, tier }) => type === 'delta' && tier === 2);
    expect(toldOf(listener, match).filter(({ type, tier }) => type === 'delta' && tier === 0)).toHaveLength(1);
  });

  test('what may not be seen is answered like what is not, and nothing of it comes', async () => {
    const stranger = person('participant', { institution_id: randomUUID() });
    const [hidden, shown, secret] = await Promise.all([make(), make('public'), make('private')]);
    const listener = await listen(stranger, on);
    for (const match_id of [hidden.id, secret.id, randomUUID(), 'no id', hidden.id.toUpperCase()]) {
      listener.send({ type: 'subscribe', match_id, tiers: [0, 1, 2] });
      await listener.until((one) => one.type === 'error' && one.match_id === match_id);
    }
    await follow(listener, shown);
    await matches.change(hidden, 0, { phase: 'break' });
    await matches.change(shown, 0, { phase: 'break' });
    await listener.until(isOf('delta', shown));
    const errors = listener.messages.filter(isOf('error'));
    expect(new Set(errors.map(({ code, detail }) => `${code} ${detail}`))).toEqual(
      new Set(['not_found There is no such match.']),
    );
    expect(errors).toHaveLength(5);
    expect(listener.messages.filter(({ type }) => type === 'snapshot')).toHaveLength(1);
    const admin = await listen(people.admin, on);
    await follow(admin, secret);
  });

  test('a match that goes out of scope is followed no more, while the others are', async () => {
    const [match, other, withdrawn] = await Promise.all([make(), make(), make()]);
    const listener = await listen(people.student, on);
    for (const one of [match, other, withdrawn]) await follow(listener, one);
    await matches.show(match, 'private');
    await matches.withdraw(withdrawn);
    for (const one of [match, withdrawn]) {
      expect(await listener.until(isOf('error', one))).toMatchObject({ code: 'not_found' });
    }
    await matches.change(match, 0, { phase: 'break' });
    await matches.change(other, 0, { phase: 'break' });
    await listener.until(isOf('delta', other));
    expect(toldOf(listener, match).filter(isOf('delta'))).toEqual([]);
  });

  test('without a token, or with a bad one, it is refused as auth_required (P0-4)', async () => {
    const [relay, refused] = [stack.relayUrl, on === listenOnWebSocket ? refusedOnWebSocket : refusedOnSocketIo];
    const expected = on === listenOnWebSocket ? { close: 1008 } : { status: 401 };
    for (const token of [undefined, 'bad', people.student.token.slice(0, -2)]) {
      const asked = { namespace, ...(token !== undefined && { token }) } as const;
      expect(await refused(relay, asked)).toMatchObject({ ...expected, code: 'auth_required' });
    }
  });

  test('the 26th match is refused until one is let go, though all are asked for at once', async () => {
    const all = await Promise.all(Array.from({ length: 26 }, () => make()));
    const listener = await listen(people.student, on);
    for (const { id } of all) listener.send({ type: 'subscribe', match_id: id, tiers: [0] });
    const refusal = await listener.until(isOf('error'));
    expect(refusal).toMatchObject({ code: 'too_many_subscriptions', match_id: all[25]!.id });
    for (const match of all.slice(0, 25)) await listener.until(isOf('snapshot', match));
    listener.send({ type: 'unsubscribe', match_id: all[3]!.id });
    await follow(listener, all[25]!);
    expect(listener.messages.filter(isOf('error'))).toHaveLength(1);
  });

  test('pings are answered, and what is none of the messages is refused without a change', async () => {
    const listener = await listen(people.student, on);
    listener.send({ type: 'ping' });
    expect(await listener.until(isOf('pong'))).toEqual({ type: 'pong', timestamp: expect.any(String) });
    const { id: match_id } = await make();
    const bad = [
      { type: 'PING' },
      { type: 'subscribe', match_id },
      { type: 'subscribe', match_id, tiers: [] },
      { type: 'subscribe', match_id, tiers: [3] },
      { type: 'subscribe', match_id: 7, tiers: [0] },
      { type: 'toString' },
      { type: 'delta', match_id, tier: 0, version: 9, seq: 0, changed: {} },
    ];
    for (const message of bad) listener.send(message);
    await listener.until(isOf('error'));
    listener.send({ type: 'pong', timestamp: 'whatever' });
    listener.send({ type: 'unsubscribe', match_id });
    expect(await listener.until((one) => one.type === 'state' && one !== listener.messages[0])).toMatchObject({
      subscriptions: [],
    });
    const errors = listener.messages.filter(isOf('error'));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['message_not_allowed']));
  });

  test('a flood ends it as at a session', async () => {
    const listener = await listen(people.student, on);
    for (let n = 0; n < 30; n += 1) listener.send({ type: 'ping' });
    expect(await listener.until(isOf('error'))).toMatchObject({ code: 'message_rate', match_id: null });
  });

  test('it ends with the token and when that is revoked; another of the same person puts it off', async () => {
    const { institution_id } = people;
    const expiring = (seconds: number) => ({ claims: { exp: Math.floor(Date.now() / 1_000) + seconds } });
    const [ends, renewed] = [
      person('participant', { institution_id, ...expiring(SOON_SECONDS) }),
      { id: randomUUID() },
    ];
    const [first, second] = await Promise.all([
      listen(ends, on),
      listen(person('participant', { institution_id, ...renewed, ...expiring(50) }), on),
    ]);
    await second.until(isOf('TOKEN_EXPIRING'));
    second.send({ type: 'REAUTH', token: person('participant', { institution_id, ...renewed }).token });
    await second.until(isOf('REAUTHED'));
    expect(await first.closed).toBe(on === listenOnWebSocket ? 4401 : 'io server disconnect');
    expect(first.messages.at(-1)).toMatchObject({ type: 'error', code: 'unauthenticated' });
    second.send({ type: 'ping' });
    await second.until(isOf('pong'));
    await must(post(stack.url, '/ops/tokens/revoke', person('super_admin'), { user_id: renewed.id }));
    expect(await second.closed).toBe(on === listenOnWebSocket ? 4401 : 'io server disconnect');
  });

  test('the ticket of an observer shows the room that it was issued for, and what is public', async () => {
    const { path, assignment_id } = (await openSession(stack.url, people, { visibility: 'institution' })) as Json;
    const { result } = await must(post(stack.url, `${path}/observe`, people.student));
    await stack.pool.query(
      `insert into matches (id, institution_id, visibility, provider, assignment_id, title, listed_at, phase, published)
       values ($1, $2, 'institution', 'internal', $1, 'A v. B', now(), 'live', true) on conflict do nothing`,
      [assignment_id, people.institution_id],
    );
    const [other, shown] = await Promise.all([make(), make('public')]);
    const listener = await listen({ ...people.student, token: result.ticket }, on);
    for (const match_id of [assignment_id, shown.id, other.id]) {
      listener.send({ type: 'subscribe', match_id, tiers: [0] });
    }
    await listener.until(({ type, match_id }) => type === 'snapshot' && match_id === assignment_id);
    await listener.until(isOf('snapshot', shown));
    expect(await listener.until(isOf('error'))).toMatchObject({ code: 'not_found', match_id: other.id });
  });
});

describe.skipIf(isLeftOut)('feeds', () => {
  test('what is published at one relay’s side comes at another, and demand knows both, and neither once it has gone', async () => {
    const match = await make();
    const listeners = await Promise.all(
      stack.relays.map(async (url) => {
        const listener = await listenOnWebSocket(url, { token: people.student.token, namespace });
        await follow(listener, match, [0, 1]);
        return listener;
      }),
    );
    const { demand } = stack.backbones.at(-1)!;
    await expect.poll(() => demand.demandOf([match.id]), SOON).toEqual([stack.relays.length]);
    expect(await amountOf('match_subscriptions', stack.backbones)).toBeGreaterThanOrEqual(listeners.length);
    await matches.change(match, 0, { phase: 'break' });
    for (const listener of listeners) await listener.until(isOf('delta', match));
    listeners[0]!.send({ type: 'unsubscribe', match_id: match.id });
    await expect.poll(() => demand.demandOf([match.id]), SOON).toEqual([stack.relays.length - 1]);
    for (const listener of listeners) listener.close();
    await expect.poll(() => demand.demandOf([match.id]), SOON).toEqual([0]);
  });

  test('a change of which nothing was heard comes all the same, as a snapshot', async () => {
    const match = await make();
    const listener = await listen();
    await follow(listener, match, [0, 1]);
    await matches.change(match, 0, { phase: 'break' }, { isTold: false });
    await matches.change(match, 1, {}, { events: 2, isTold: false });
    const fresh = await listener.until(({ tier, type, version }) => type === 'snapshot' && tier === 0 && version > 1);
    expect(fresh.state).toMatchObject({ phase: 'break' });
    await listener.until(({ type, events }) => type === 'events_batch' && events.length === 2);
    await matches.change(match, 0, { phase: 'live' });
    expect(await listener.until(isOf('delta', match))).toMatchObject({ version: 4, changed: { phase: 'live' } });
  });

  test('replays the last hundred events, from Postgres where the stream is gone (P0-1)', async () => {
    const match = await make();
    await matches.change(match, 1, {}, { events: 130, isTold: false });
    const listener = await listen();
    await follow(listener, match, [1]);
    const { events } = await listener.until(isOf('events_batch', match));
    expect(events.map(({ seq }: Json) => seq)).toEqual(Array.from({ length: 100 }, (_, n) => 31 + n));
  });

  test('a page is refused as everybody is, and paths beside it are none', async () => {
    const browser = { origin: 'https://elsewhere.example' };
    expect(await refusedOnWebSocket(stack.relayUrl, { namespace }, browser)).toEqual({
      ...{ close: 1008, code: 'auth_required' },
    });
    for (const path of ['/feeds/ws/', `/feeds/ws/${randomUUID()}`, '/feeds']) {
      expect(await refusedAtPath(stack.relayUrl, path)).toMatchObject({ status: 404 });
    }
  });
});
