/**
 * What a listener may say, exactly: how much, how large, and of which kind; and that one connection has one listener,
 * whatever it sends.
 */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let session_id: string;
let path: string;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  ({ session_id, path } = await openSession(stack.url, people));
});
afterAll(async () => {
  if (isLeftOut) return;
  expect(await must(get(stack.url, `${path}/verify`, people.admin))).toMatchObject({ is_valid: true });
  await stack.stop();
});

const codesOf = ({ messages }: Pick<Listener, 'messages'>) =>
  messages.flatMap(({ type, code }) => (type === 'ERROR' ? [code] : []));
const pongsOf = ({ messages }: Pick<Listener, 'messages'>) => messages.filter(({ type }) => type === 'PONG').length;

/** socket.io without its client, which would not send what is wrong. */
async function openEngine(): Promise<WebSocket> {
  const socket = new WebSocket(`${stack.relayUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  await once(socket, 'message');
  return socket;
}

const connectPacket = () => `40/live,${JSON.stringify({ token: people.student.token, session_id })}`;

/** A listener whose messages are written by hand. */
async function listenByHand(transport: 'websocket' | 'socket.io') {
  const isPlain = transport === 'websocket';
  const query = `token=${people.student.token}&last_sequence=0`;
  const socket = isPlain
    ? new WebSocket(`${stack.relayUrl.replace('http', 'ws')}/live/ws/${session_id}?${query}`)
    : await openEngine();
  const messages: Json[] = [];
  socket.on('message', (data) => {
    const text = String(data);
    if (text.startsWith('{')) messages.push(JSON.parse(text));
    if (text.startsWith('42/live,')) messages.push(JSON.parse(text.slice('42/live,'.length))[1]);
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  if (!isPlain) socket.send(connectPacket());
  await until('it is welcome', () => messages.some(({ type }) => type === 'SYNCED'));
  const envelope = (type: string) => (isPlain ? JSON.stringify({ type }) : `42/live,["${type}"]`);
  return { socket, messages, closed, envelope };
}

describe.skipIf(isLeftOut).each(['websocket', 'socket.io'] as const)(`what is said on %s, ${kind}`, (transport) => {
  test('is answered up to 20 messages in ten seconds; the 21st is told so once, and the rest dropped', async () => {
    const listener = await (transport === 'websocket' ? listenOnWebSocket : listenOnSocketIo)(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 0,
    });
    await listener.until(({ type }) => type === 'SYNCED');
    for (let n = 1; n <= 20; n += 1) {
      listener.send({ type: 'PING' });
      await until(`answer ${n}`, () => pongsOf(listener) === n);
    }
    expect(codesOf(listener)).toEqual([]);
    for (let n = 0; n < 200; n += 1) listener.send({ type: 'PING' });
    await listener.until(({ code }) => code === 'message_rate');
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));
    await listener.until(({ type, event_type }) => type === 'EVENT' && event_type === 'NOTE');
    expect(codesOf(listener)).toEqual(['message_rate']);
    expect(pongsOf(listener)).toBe(20);
    listener.close();
  });

  test('asks for the state as often as it likes, and is told it every five seconds', async () => {
    const { socket, messages, envelope } = await listenByHand(transport);
    const snapshots = () => messages.filter(({ type }) => type === 'SNAPSHOT').length;
    const before = snapshots();
    const asked_at = performance.now();
    socket.send(envelope('REQUEST_STATE'));
    await until('the first', () => snapshots() === before + 1);
    for (let n = 0; n < 10; n += 1) socket.send(envelope('REQUEST_STATE'));
    socket.send(envelope('PING'));
    await until('all were heard', () => pongsOf({ messages }) === 1);
    expect(snapshots()).toBe(before + 1);
    await until('the second', () => snapshots() === before + 2);
    expect(performance.now() - asked_at).toBeGreaterThan(4_000);
    socket.close();
  });

  const wrong: [string, (envelope: string) => (string | Buffer)[]][] = [
    ['is no JSON', (envelope) => [envelope.slice(0, -2)]],
    ['is over 8 KiB', (envelope) => [envelope + ' '.repeat(8_192)]],
    ['is binary', (envelope) => [Buffer.from(envelope)]],
  ];
  if (transport === 'socket.io') {
    wrong.push(['has attachments to come', () => ['451-/live,["PING",{"_placeholder":true,"num":0}]']]);
    wrong.push(['has the attachments of no message', () => [Buffer.alloc(100)]]);
    wrong.push(['is an event of no namespace of ours', () => ['42["PING"]']]);
  }
  test.each(wrong)('is a bad message when it %s; the third ends the connection with 4400', async (_, say) => {
    const { socket, messages, closed, envelope } = await listenByHand(transport);
    for (const nth of [1, 2, 3]) {
      for (const bytes of say(envelope('PING'))) socket.send(bytes);
      await until(`refusal ${nth}`, () => codesOf({ messages }).length === nth);
    }
    expect(codesOf({ messages })).toEqual(Array(3).fill('bad_message'));
    if (transport === 'websocket') expect(await closed).toBe(4400);
    await closed;
  });

  test('and is over 64 KiB ends the connection at once', async () => {
    const { socket, closed, messages, envelope } = await listenByHand(transport);
    socket.send(envelope('PING') + ' '.repeat(65_536));
    expect(await closed).toBe(1009);
    expect(pongsOf({ messages })).toBe(0);
  });
});

describe.skipIf(isLeftOut)(`one connection of socket.io, ${kind}`, () => {
  test('has one listener, however often it asks for one at a time, and the log stays silent', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error) => void warnings.push(warning.name);
    process.on('warning', warn);
    const socket = await openEngine();
    const heard: string[] = [];
    socket.on('message', (data) => heard.push(String(data)));
    for (let n = 0; n < 100; n += 1) socket.send(connectPacket());
    await until('it is welcome', () => heard.some((text) => text.includes('"SYNCED"')));
    const { logs } = await must(get(stack.url, `${path}/logs`, people.admin));
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));
    const next = `"event_sequence":${logs.length + 1},`;
    await until('the event came', () => heard.some((text) => text.includes(next)));
    expect(heard.filter((text) => text.startsWith('40/live,'))).toHaveLength(1);
    expect(heard.filter((text) => text.includes('"EVENT"') && text.includes(next))).toHaveLength(1);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    socket.close();
  });

  test('may ask again after it was refused', async () => {
    const socket = await openEngine();
    const heard: string[] = [];
    socket.on('message', (data) => heard.push(String(data)));
    socket.send(`40/live,${JSON.stringify({ token: 'nonsense', session_id })}`);
    await until('it is refused', () => heard.some((text) => text.startsWith('44/live,')));
    socket.send(connectPacket());
    await until('it is welcome', () => heard.some((text) => text.includes('"SYNCED"')));
    socket.close();
  });

  test('that says something before it listens is closed', async () => {
    const socket = await openEngine();
    const closed = once(socket, 'close');
    socket.send('42/live,["PING"]');
    await closed;
  });
});
