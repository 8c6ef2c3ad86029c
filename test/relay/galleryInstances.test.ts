/**
 * Three instances behind a round robin, as the chat server's own tests had them: what is said at one is seen at all, each is
 * healthy and counts, and the guard is one. The examples of the page on galleries run here as they are written.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { type Listener, listenOnWebSocket } from '../support/listener.ts';
import { logLines } from '../support/logLines.ts';
import { until } from '../support/processes.ts';
import { type RoundRobin, startRoundRobin } from '../support/roundRobin.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const run = promisify(execFile);
const INSTANCES = 3;
const WAIT = { timeout: 25_000 };
const PAGE = readFileSync('docs/gallery.md', 'utf8');
const EXAMPLES = [...PAGE.slice(PAGE.indexOf('## For programs of the chat server')).matchAll(/```sh\n([^`]+)```/g)];
const PHONE = '+44 7700 900 123';

interface Told {
  status: number;
  body: Json;
}

describe.skipIf(isLeftOut)('three instances of a gallery behind a round robin', () => {
  let stack: Stack;
  let proxy: RoundRobin;
  let people: Cast;
  let place: { session_id: string; path: string };
  let lines: () => string[];
  const screens: Listener[] = [];
  let visitors = 0;

  beforeAll(async () => {
    const env = { GUARD_MAX_KEYS: '10000', TRUSTED_PROXIES: '127.0.0.1/32', LOG_LEVEL: 'trace' };
    stack = await startStack(env, undefined, [], INSTANCES);
    lines = logLines(stack.backbones);
    proxy = await startRoundRobin(stack.apis, stack.relays);
    people = cast();
    const opened = await openSession(proxy.url, people, { visibility: 'public', start: false, gallery: 'breaks' });
    const after = { gallery_moderation: 'after' };
    await must(post(proxy.url, `/api/assignment/${opened.assignment_id}/update`, people.admin, after));
    place = opened;
    for (const url of stack.relays) screens.push(await listen(url));
  }, 120_000);

  afterAll(async () => {
    await proxy?.stop();
    await stack?.stop();
  });

  const listen = async (url: string) => {
    const listener = await listenOnWebSocket(url, {
      ...{ token: null, session_id: place.session_id, namespace: '/gallery' },
    });
    await listener.until(({ type }) => type === 'WELCOME');
    return listener;
  };

  /** An address of its own, as the proxy sees it, whatever the headers say. */
  function visitor() {
    visitors += 1;
    const localAddress = `127.0.1.${visitors}`;
    return (method: string, path: string, body?: Json, headers: Record<string, string> = {}): Promise<Told> =>
      askFrom(localAddress, proxy.url + path, method, body, headers);
  }
  const refusalOf = (path: string) =>
    new Promise((resolve) => {
      const socket = new WebSocket(proxy.url.replace('http', 'ws') + path).on('error', () => {});
      socket.on('unexpected-response', (_req, { statusCode }) => resolve(statusCode));
    });
  const say = (text: string, ask = visitor()) => ask('POST', '/messages', { text, category: 'question' });
  const observe = (ask: ReturnType<typeof visitor>, headers?: Record<string, string>) =>
    ask('POST', `${place.path}/observe`, {}, headers);
  /** By every instance, as a proxy asks it. One that waited too long for Redis hears of the ban. */
  async function expectShut(address: string): Promise<void> {
    for (const api of stack.apis) {
      const look = () => post(api, `${place.path}/observe`, null, {}, { 'x-forwarded-for': address });
      await expect.poll(async () => (await look()).status, WAIT).toBe(429);
    }
  }
  /** Five routes at once, again where they came too slowly to be a burst. */
  async function burst(ask: ReturnType<typeof visitor>, headersOf = (_n: number): Record<string, string> => ({})) {
    const statuses: number[] = [];
    const began = Date.now();
    while (!statuses.includes(429) && Date.now() - began < 25_000) {
      const asking = ['start', 'pause', 'resume', 'complete', 'join'].map((verb, n) =>
        ask('POST', `${place.path}/${verb}`, {}, headersOf(n)),
      );
      statuses.push(...(await Promise.all(asking)).map(({ status }) => status));
    }
    return statuses;
  }

  test('what is said at one is seen on the screens of all, and in the list of each', async () => {
    const ids: string[] = [];
    for (const text of ['Who drew up the charter?', 'Is the quay public?', 'What is a lien?']) {
      const { status, body } = await say(text);
      expect(status).toBe(201);
      ids.push(body.result.id);
    }
    for (const screen of screens) {
      for (const wanted of ids) await screen.until(({ type, id }) => type === 'MESSAGE' && id === wanted);
    }
    for (const api of stack.apis) {
      const { items } = await must(get(api, '/messages', null));
      expect(items.map(({ id }: Json) => id)).toEqual(ids);
    }
    // Each had its turn.
    expect(Math.min(...proxy.requests())).toBeGreaterThan(0);
  });

  test('the chat server’s path of sockets leads to the same, by the session and without one', async () => {
    const { session_id } = place;
    const heard: Json[] = [];
    const sockets = ['/ws', `/ws?session_id=${session_id}`].map((path) => {
      const socket = new WebSocket(proxy.url.replace('http', 'ws') + path);
      return socket.on('message', (text) => heard.push(JSON.parse(String(text))));
    });
    const count = (wanted: string) => heard.filter(({ type }) => type === wanted).length;
    await until('both are welcome', () => count('WELCOME') === 2);
    expect((await say('Does the tide matter?')).status).toBe(201);
    await until('both are told', () => count('MESSAGE') === 2);
    for (const socket of sockets) socket.close();
    for (const query of ['?session_id=nonsense', `?session_id=${session_id}&session_id=${session_id}`]) {
      await expect(refusalOf(`/ws${query}`)).resolves.toBe(401);
    }
  });

  test('each says that it is well, and counts; sockets and messages of galleries are among what is counted', async () => {
    for (const api of stack.apis) {
      expect(await get(api, '/health', null)).toMatchObject({ status: 200, body: { healthy: true } });
      expect((await get(api, '/metrics', null)).body.text).toContain('active_websocket_connections');
    }
    const connections = () => amountOf('active_websocket_connections', stack.backbones);
    await expect.poll(connections, WAIT).toBe(screens.length);
    const more = await Promise.all(stack.relays.map((url) => listen(url)));
    await expect.poll(connections, WAIT).toBe(screens.length + more.length);
    for (const one of more) one.close();
    await expect.poll(connections, WAIT).toBe(screens.length);
    const moves = async () => {
      expect((await say('Is that so?')).status).toBe(201);
      return amountOf('messages_per_second', stack.backbones);
    };
    await expect.poll(moves, { ...WAIT, interval: 400 }).toBeGreaterThan(0);
  });

  test('the examples run as they are written: speaking, reporting, and five questions at once that change nothing', async () => {
    const [speaking, reporting, questions] = EXAMPLES.map(([, text]) => text!);
    const answers = (await sh(speaking!)).split(/(?<=\})(?=\{)/).map((text) => JSON.parse(text) as Json);
    const [health, before, may, said, waits] = answers as [Json, Json, Json, Json, Json];
    expect(health.healthy).toBe(true);
    expect(before.items.length).toBeGreaterThan(0);
    expect(may).toEqual({ can_post: true, remaining_seconds: 0 });
    expect(said).toMatchObject({ status: 'applied', result: { text: 'Does the treaty bind the harbour?' } });
    expect(waits).toEqual({ can_post: expect.any(Boolean), remaining_seconds: expect.any(Number) });
    expect(JSON.parse(await sh(reporting!))).toMatchObject({ status: 'applied', result: { id: said.result.id } });
    expect((await sh(questions!)).trim().split('\n')).toEqual(Array(5).fill('200'));
    expect(await observe(askFromLoopback)).toMatchObject({ status: 201 });
  });

  test('five commands at once do change something, wherever the round robin sends them', async () => {
    const statuses: string[] = [];
    const began = Date.now();
    while (!statuses.includes('429') && Date.now() - began < 25_000) {
      statuses.push(...(await sh(EXAMPLES[3]![1]!)).trim().split('\n'));
    }
    expect(statuses).toContain('429');
    await expectShut('127.0.0.1');
    expect(await observe(visitor())).toMatchObject({ status: 201 });
  });

  test('a client that writes other addresses into its headers is known all the same, and blames nobody', async () => {
    const liar = visitor();
    const own = `127.0.1.${visitors}`;
    const honest = visitor();
    const blamed = `127.0.1.${visitors}`;
    const lies = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}, ${blamed}`, 'cf-connecting-ip': blamed });
    expect(await burst(liar, lies)).toContain(429);
    await expectShut(own);
    expect(await observe(liar, lies(0))).toMatchObject({ status: 429 });
    expect(await observe(honest)).toMatchObject({ status: 201 });
  });

  test('no telephone number and no address of a visitor is in a list, frame, log or metric', async () => {
    const ask = visitor();
    const refused = await say(`Call me: ${PHONE}`, ask);
    expect(refused).toMatchObject({ status: 422, body: { code: 'refused_text', rule: 'telephone' } });
    const spammed = await ask('POST', '/messages', { text: 'Which clause?', category: 'question', website: PHONE });
    expect(spammed.status).toBe(201);
    const { admin } = people;
    const told = [refused, spammed].map((answer) => JSON.stringify(answer));
    for (const part of ['', '/held', '/export']) {
      told.push(JSON.stringify(await must(get(proxy.url, `${place.path}/gallery${part}`, admin))));
    }
    told.push(JSON.stringify(await must(get(proxy.url, '/api/gallery/stats/daily', admin))));
    told.push(...(await Promise.all(stack.backbones.map(({ metrics }) => metrics.registry.metrics()))));
    for (const { messages } of screens) told.push(JSON.stringify(messages));
    const logged = lines();
    expect(logged.length).toBeGreaterThan(0);
    const everything = [...told, ...logged].join('\n');
    const own = Array.from({ length: visitors }, (_, n) => `127.0.1.${n + 1}`);
    const words = [PHONE, '7700 900', PHONE.replaceAll(/\D/g, ''), ...own, 'browser-1', 'browser-2'];
    expect(words.filter((word) => everything.includes(word))).toEqual([]);
  });

  test('the record of court and gallery verifies', async () => {
    for (const screen of screens) screen.close();
    await until(
      'no socket is left',
      async () => (await amountOf('active_websocket_connections', stack.backbones)) === 0,
    );
    await expectIntact(stack.url, place.session_id, people.admin);
  });

  /** As the page has it, but for where it is. */
  async function sh(text: string): Promise<string> {
    const here = text.replaceAll('http://127.0.0.1:3000', proxy.url);
    return (await run('sh', ['-eu', '-c', here], { timeout: 25_000 })).stdout;
  }
  const askFromLoopback: ReturnType<typeof visitor> = (method, path, body, headers = {}) =>
    askFrom('127.0.0.1', proxy.url + path, method, body, headers);
});

function askFrom(
  localAddress: string,
  url: string,
  method: string,
  body: Json | undefined,
  headers: Record<string, string>,
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = { 'content-type': 'application/json', ...headers };
    const asked = request(url, { method, localAddress, headers: sent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) }));
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}
