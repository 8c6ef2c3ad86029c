/** Following matches with the client, on real sockets, from a server that says what the test has it say. */
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createFollowedMatches } from '../../src/client/followedMatches.ts';
import { type FeedsClient, feeds } from '../../src/client/node.ts';
import type { Json } from '../support/client.ts';

const MATCH = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e30';
const OTHER = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e31';
const SOON = { timeout: 20_000, interval: 10 };
const tier = (changes: Json = {}): any => ({ match_id: MATCH, tier: 0, version: 1, seq: 0, ...changes });

describe('what is followed', () => {
  test('a change is put onto what there is, once, and only where it leads on', () => {
    const matches = createFollowedMatches();
    matches.ask(MATCH, [0]);
    expect(matches.delta(tier({ version: 2, changed: { phase: 'live' } }))).toBe('old');
    matches.snapshot(tier({ state: { phase: 'scheduled', behind_minutes: 0 } }));
    const after = { phase: 'live', behind_minutes: 0 };
    expect(matches.delta(tier({ version: 4, changed: { phase: 'live' } }))).toMatchObject({ version: 4, state: after });
    for (const version of [4, 3]) expect(matches.delta(tier({ version, changed: { phase: 'break' } }))).toBe('old');
    expect(matches.tier(MATCH, 0)).toMatchObject({ version: 4, state: after });
    expect(matches.delta(tier({ tier: 2, version: 5, changed: {} }))).toBe('old');
  });

  test('events that are gone at the server are no gap', () => {
    const matches = createFollowedMatches();
    matches.ask(MATCH, [1]);
    matches.snapshot(tier({ tier: 1, seq: 7, state: {} }));
    expect(matches.batch(MATCH, [])).toEqual([]);
    expect(matches.delta(tier({ tier: 1, version: 2, seq: 7, changed: {} }))).toMatchObject({ version: 2 });
    expect(matches.batch(MATCH, [{ seq: 9 }])).toBe('gap');
    expect(matches.batch(MATCH, [{ seq: 8 }])).toEqual([{ seq: 8 }]);
  });

  test('a missing event is a gap, until a snapshot has been given again', () => {
    const matches = createFollowedMatches();
    const events = (...seqs: number[]) => seqs.map((seq) => ({ seq }));
    matches.ask(MATCH, [1]);
    matches.snapshot(tier({ tier: 1, seq: 7, state: {} }));
    expect(matches.batch(MATCH, events(6, 7))).toEqual(events(6, 7));
    expect(matches.batch(MATCH, events(8))).toEqual(events(8));
    expect(matches.delta(tier({ tier: 1, version: 2, seq: 8, changed: {} }))).toMatchObject({ seq: 8 });
    expect(matches.batch(MATCH, events(10))).toBe('gap');
    expect(matches.delta(tier({ tier: 1, version: 3, seq: 10, changed: {} }))).toBe('gap');
    matches.ask(MATCH);
    expect(matches.batch(MATCH, events(11))).toBe('old');
    matches.snapshot(tier({ tier: 1, version: 4, seq: 11, state: {} }));
    expect(matches.batch(MATCH, events(10, 11))).toEqual(events(10, 11));
    expect(matches.events(MATCH)).toEqual(events(10, 11));
  });
});

describe('the client of feeds', () => {
  let server: WebSocketServer;
  let url: string;
  let visits: { socket: WebSocket; query: URLSearchParams; heard: Json[] }[];
  let client: FeedsClient;
  let told: [string, any][];
  let onVisit: (socket: WebSocket) => void;

  beforeEach(async () => {
    visits = [];
    told = [];
    onVisit = (socket) => say(socket, { type: 'state', state: 'open', resume_ticket: 'ticket' });
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket, { url: asked }) => {
      const visit = { socket, query: new URL(asked!, url).searchParams, heard: [] as Json[] };
      socket.on('message', (text) => visit.heard.push(JSON.parse(String(text))));
      visits.push(visit);
      onVisit(socket);
    });
  });
  afterEach(async () => {
    client?.close();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  const say = (socket: WebSocket, message: Json) => socket.send(JSON.stringify(message));
  const tell = (message: Json) => say(visits.at(-1)!.socket, message);
  function follow(token: string | (() => string) = 'token') {
    client = feeds({ url, token, timing: { first_wait_ms: 1, longest_wait_ms: 20 } });
    for (const name of ['match', 'events', 'refused', 'open', 'lost', 'error'] as const)
      client.on(name, (what) => told.push([name, what]));
    return client;
  }
  const until = (name: string, count = 1) =>
    vi.waitFor(() => {
      const found = told.filter(([one]) => one === name);
      expect(found.length).toBeGreaterThanOrEqual(count);
      return found[count - 1]![1];
    }, SOON);
  const heard = (wanted: Json, visit = 0) =>
    vi.waitFor(() => expect(visits[visit]!.heard).toContainEqual(wanted), SOON);
  const subscribing = (match_id = MATCH, tiers = [0]) => ({ type: 'subscribe', match_id, tiers });

  test('asks for what is followed, and gives each tier as it stands', async () => {
    follow().subscribe(MATCH.toUpperCase());
    await heard(subscribing());
    client.subscribe(OTHER, [0, 1]);
    await heard(subscribing(OTHER, [0, 1]));
    tell({ type: 'snapshot', ...tier({ state: { phase: 'live', behind_minutes: 1 } }) });
    tell({ type: 'delta', ...tier({ version: 3, changed: { behind_minutes: 2 } }) });
    expect(await until('match', 2)).toEqual(
      tier({ version: 3, state: { phase: 'live', behind_minutes: 2 }, changed: { behind_minutes: 2 } }),
    );
    expect(told.filter(([name]) => name === 'match')[0]![1]).toMatchObject({ version: 1, changed: null });
    client.unsubscribe(MATCH);
    await heard({ type: 'unsubscribe', match_id: MATCH });
    expect(client.tier(MATCH, 0)).toBeUndefined();
  });

  test('asks again where something is missing, and goes on from the fresh snapshot', async () => {
    follow().subscribe(MATCH, [1]);
    await heard(subscribing(MATCH, [1]));
    tell({ type: 'snapshot', ...tier({ tier: 1, seq: 1, state: {} }) });
    tell({ type: 'events_batch', match_id: MATCH, events: [{ seq: 1 }] });
    tell({ type: 'events_batch', match_id: MATCH, events: [{ seq: 3 }] });
    await vi.waitFor(() => {
      const asked = visits[0]!.heard.filter(({ type }) => type === 'subscribe');
      expect(asked).toEqual([subscribing(MATCH, [1]), subscribing(MATCH, [1])]);
    }, SOON);
    tell({ type: 'snapshot', ...tier({ tier: 1, version: 3, seq: 3, state: {} }) });
    tell({ type: 'events_batch', match_id: MATCH, events: [{ seq: 2 }, { seq: 3 }] });
    await until('events', 2);
    expect(client.events(MATCH)).toEqual([{ seq: 2 }, { seq: 3 }]);
  });

  test('comes back with its ticket, and asks for everything again', async () => {
    follow().subscribe(MATCH);
    client.subscribe(OTHER, [2]);
    await heard(subscribing());
    visits[0]!.socket.terminate();
    await until('lost');
    await vi.waitFor(() => expect(visits).toHaveLength(2), SOON);
    expect(visits.map(({ query }) => query.get('resume_ticket'))).toEqual([null, 'ticket']);
    await heard(subscribing(), 1);
    await heard(subscribing(OTHER, [2]), 1);
  });

  test('answers a ping, and shows a fresh token where its own ends soon', async () => {
    const tokens = ['first', 'second'];
    follow(() => tokens.shift() ?? 'last');
    await until('open');
    tell({ type: 'ping' });
    await heard({ type: 'pong' });
    tell({ type: 'TOKEN_EXPIRING', in_ms: 1 });
    await heard({ type: 'REAUTH', token: 'second' });
    expect(visits[0]!.query.get('token')).toBe('first');
  });

  test('is told of a match that it may not follow, and asks for it no more', async () => {
    follow().subscribe(MATCH);
    await heard(subscribing());
    tell({ type: 'error', code: 'not_found', detail: 'There is no such match.', match_id: MATCH });
    expect(await until('refused')).toMatchObject({ match_id: MATCH, code: 'not_found' });
    visits[0]!.socket.terminate();
    await until('open', 2);
    client.subscribe(OTHER);
    await heard(subscribing(OTHER), 1);
    expect(visits[1]!.heard).not.toContainEqual(subscribing());
  });

  test('that is closed asks no more for a match that was unavailable, and leaves no timer', async () => {
    const [set, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
    follow().subscribe(MATCH);
    await heard(subscribing());
    tell({ type: 'error', code: 'unavailable', detail: 'Not just now.', match_id: MATCH });
    await until('refused');
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 5_000)]!.value;
    expect(cleared).not.toHaveBeenCalledWith(timer);
    client.close();
    expect(cleared).toHaveBeenCalledWith(timer);
    vi.restoreAllMocks();
  });

  test('ends where its token is not good, and comes back where there is no room just now', async () => {
    const refuse = (code: string) => (socket: WebSocket) => {
      say(socket, { type: 'error', code, detail: 'No.', match_id: null });
      socket.close(1008, code);
    };
    onVisit = refuse('too_many_connections');
    follow();
    await vi.waitFor(() => expect(visits.length).toBeGreaterThan(2), SOON);
    onVisit = refuse('auth_required');
    expect(await until('error')).toMatchObject({ code: 'auth_required', close_code: 1008 });
    const count = visits.length;
    client.subscribe(MATCH);
    expect(visits).toHaveLength(count);
  });

  test('comes back when a relay that stops says', async () => {
    follow();
    await until('open');
    tell({ type: 'state', state: 'draining', resume_ticket: 'newer', reconnect_in_ms: 5 });
    visits[0]!.socket.close(1012);
    await until('open', 2);
    expect(visits[1]!.query.get('resume_ticket')).toBe('newer');
  });
});
