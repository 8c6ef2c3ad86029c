/** How the client's connections end, and what it does then: closing codes, DRAIN, tokens that end, readers that do not read. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectOptions } from '../../src/client/client.ts';
import { type Cast, cast, get, type Json, must, openSession, person, post } from '../support/client.ts';
import { type Follower, followWith } from '../support/follower.ts';
import { honest, type Liar, type Lie, startLiar } from '../support/liar.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
const liars: Liar[] = [];
const followers: Follower[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterEach(async () => {
  for (const { client } of followers.splice(0)) client.close();
  for (const liar of liars.splice(0)) await liar.stop();
});
afterAll(() => stack?.stop());

/** Follows by way of a liar, which here lies only as it is told. */
async function follow(session: string, options: Partial<ConnectOptions> = {}, lie: Lie = honest) {
  const liar = await startLiar(stack.relayUrl, lie);
  liars.push(liar);
  const { token } = people.student;
  const follower = followWith({ url: liar.url, api: stack.url, session, token, from: 0, ...options });
  followers.push(follower);
  return { liar, ...follower };
}

const log = (path: string, n: number) =>
  must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } }));
const logOf = async (path: string): Promise<Json[]> => (await must(get(stack.url, `${path}/logs`, people.admin))).logs;
/** Of the student, to end so many seconds from now. */
const tokenFor = (seconds: number) =>
  person('participant', {
    id: people.student.id,
    institution_id: people.institution_id,
    claims: { exp: Math.floor(Date.now() / 1_000) + seconds },
  }).token;

describe.skipIf(isLeftOut)(`a client's connection, ${kind}`, () => {
  test.each([1000, 1011, 1012, 4408, 4503])('closed with %i is followed by another', async (code) => {
    const { session_id, path } = await openSession(stack.url, people);
    const { liar, events, errors, becomes, reached } = await follow(session_id);
    await becomes('live');
    liar.cut(code);
    await log(path, 1);
    await reached(3);
    expect(events).toEqual(await logOf(path));
    expect(errors).toEqual([]);
  });

  test.each([4400, 4401, 4403, 4404, 4409, 4422, 4429])('closed with %i is the last, and says why', async (code) => {
    const { session_id } = await openSession(stack.url, people);
    const { client, liar, errors, states, becomes } = await follow(session_id);
    await becomes('live');
    const reader = client.events();
    liar.say({ type: 'ERROR', code: 'told', detail: 'The reason.' });
    liar.cut(code);
    await becomes('closed');
    expect(errors).toMatchObject([{ code: 'told', message: 'The reason.', close_code: code }]);
    await expect(reader.next()).rejects.toBe(errors[0]);
    expect(states.at(-1)).toBe('closed');
    expect(liar.visits).toHaveLength(1);
  });

  test('comes back when a relay that stops says so, with its ticket', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { liar, becomes, reached } = await follow(session_id);
    await becomes('live');
    const said_at = performance.now();
    liar.say({ type: 'DRAIN', reconnect_in_ms: 400, resume_ticket: 'of_the_drain' });
    liar.cut(4503);
    await becomes('stale');
    await becomes('live');
    expect(performance.now() - said_at).toBeGreaterThanOrEqual(395);
    expect(liar.visits[1]).toContain('resume_ticket=of_the_drain');
    await log(path, 1);
    await reached(3);
  });

  test('brings the ticket that it was welcomed with', async () => {
    const { session_id } = await openSession(stack.url, people);
    let ticket = '';
    const { liar, becomes } = await follow(session_id, {}, (message, text, nth) => {
      if (message.type === 'WELCOME' && nth === 1) ticket = message.resume_ticket;
      return [text];
    });
    await becomes('live');
    liar.cut();
    await until('it is back', () => liar.visits.length === 2);
    expect(ticket).not.toBe('');
    expect(new URLSearchParams(liar.visits[1]!.split('?')[1]).get('resume_ticket')).toBe(ticket);
  });

  test('tells who listens, as the relay tells it', async () => {
    const { session_id } = await openSession(stack.url, people);
    const { client } = await follow(session_id);
    const told: Json[] = [];
    client.on('presence', (presence) => told.push(presence));
    await until('presence', () => told.length > 0);
    expect(told[0]).toEqual({ listeners: 1, participants: [] });
  });

  test('that has fallen silent is given up', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const timing = { ping_ms: 100, timeout_ms: 200 };
    let isSilent = false;
    const { liar, states, becomes, reached } = await follow(session_id, { timing }, (_, text, nth) =>
      isSilent && nth === 1 ? [] : [text],
    );
    await becomes('live');
    isSilent = true;
    await log(path, 1);
    await reached(3);
    expect(states).toContain('stale');
    expect(liar.visits.length).toBeGreaterThan(1);
  });

  test('acknowledges in batches, and says less than a server minds', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    for (let n = 1; n <= 60; n += 1) await log(path, n);
    const { liar, becomes } = await follow(session_id);
    await becomes('live');
    await until('all is acknowledged', () =>
      liar.said.some(({ type, last_sequence }) => type === 'ACK' && last_sequence === 62),
    );
    expect(liar.said.filter(({ type }) => type === 'ACK').length).toBeLessThanOrEqual(10);
  });
});

describe.skipIf(isLeftOut)(`a client that is refused, ${kind}`, () => {
  test.each([
    ['a token that is none', { token: 'none' }, 'unauthenticated', 4401],
    ['a session that does not exist', { session: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12' }, 'not_found', 4404],
  ])('because of %s says so, and does not come back', async (_, options, code, close_code) => {
    const { session_id } = await openSession(stack.url, people);
    const { events, errors, states, becomes } = await follow(session_id, { url: stack.relayUrl, ...options });
    await becomes('closed');
    expect(errors).toMatchObject([{ code, close_code }]);
    expect([events, states]).toEqual([[], ['closed']]);
  });
});

describe.skipIf(isLeftOut)(`a client's token, ${kind}`, () => {
  test('that ends soon is followed by another on the same connection', async () => {
    const { session_id } = await openSession(stack.url, people);
    const tokens = [tokenFor(61), tokenFor(3_600)];
    const heard: string[] = [];
    const { liar, becomes } = await follow(session_id, { token: () => tokens.shift()! }, ({ type }, text) => {
      heard.push(type);
      return [text];
    });
    await becomes('live');
    await until('the relay has taken the other', () => heard.includes('REAUTHED'));
    expect(liar.said.map(({ type }) => type)).toContain('REAUTH');
    expect(liar.visits).toHaveLength(1);
  });

  test('that was refused is followed by a fresh one, once', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    // The first lives long enough to be let in with on a busy machine; the second has ended with it.
    const tokens = [tokenFor(7), tokenFor(7), tokenFor(3_600)];
    const { liar, errors, states, becomes, reached } = await follow(session_id, { token: () => tokens.shift()! });
    await becomes('live');
    await until('it lost its connection', () => states.includes('stale'));
    await becomes('live');
    await log(path, 1);
    await reached(3);
    expect([errors, states.filter((state) => state === 'stale')]).toEqual([[], ['stale']]);
    expect(liar.visits).toHaveLength(2);
  });

  test('that is text ends the client with it', async () => {
    const { session_id } = await openSession(stack.url, people);
    const { errors, becomes } = await follow(session_id, { token: tokenFor(8) });
    await becomes('live');
    await becomes('closed');
    expect(errors).toMatchObject([{ code: 'unauthenticated', close_code: 4401 }]);
  });
});

describe.skipIf(isLeftOut)(`a reader that does not read, ${kind}`, () => {
  test('stops the client at the length of its queue, and gets everything in the end', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    for (let n = 1; n <= 40; n += 1) await log(path, n);
    const { client, events, states, becomes } = await follow(session_id, { queue: 10 });
    const reader = client.events();
    await becomes('stale');
    expect(events).toHaveLength(10);
    const read = [];
    for await (const event of reader) {
      read.push(event);
      if (event.event_sequence === 42) break;
    }
    expect(read).toEqual(await logOf(path));
    await becomes('live');
    expect(states.filter((state) => state === 'stale').length).toBeGreaterThan(1);
  });

  test('that leaves does not hold up the others', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    for (let n = 1; n <= 40; n += 1) await log(path, n);
    const { client, becomes, reached } = await follow(session_id, { queue: 10 });
    const lazy = client.events();
    await becomes('stale');
    await lazy.return!();
    await reached(42);
  });
});
