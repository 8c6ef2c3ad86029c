/** Boards that do not read: changes are left out, they go on with a fresh snapshot, and are sent away the third time; and boards without a token, where none is asked for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, type Json } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { createMatches, type Matches, type TestMatch } from '../support/matches.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

/** So much of each change that what the kernel takes is soon full. */
const LENGTH = 100_000;
const AT_ONCE = 20;
/** Far more than any kernel takes. */
const MOST_CHANGES = 3_000;

let stack: Stack;
let people: Cast;
let matches: Matches;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  matches = createMatches(stack.pool, stack.backbones[0]!.fanout);
});
afterAll(() => stack?.stop());

const TRANSPORTS = {
  websocket: {
    path: (token: string) => `/feeds/ws?token=${token}`,
    say: (message: Json) => JSON.stringify(message),
    read: (text: string) => text,
  },
  'socket.io': {
    path: () => '/socket.io/?EIO=4&transport=websocket',
    say: (message: Json) => `42/feeds,${JSON.stringify([message.type, message])}`,
    read: (text: string) => (text.startsWith('42') ? text.slice(text.indexOf('{"type"'), -1) : undefined),
  },
};

function openBoard(transport: keyof typeof TRANSPORTS) {
  const { path, say, read } = TRANSPORTS[transport];
  const { token } = people.student;
  const socket = new WebSocket(stack.relayUrl.replace('http', 'ws') + path(token));
  const messages: Json[] = [];
  socket.on('message', (data) => {
    const text = String(data);
    if (transport === 'socket.io' && text.startsWith('0')) socket.send(`40/feeds,${JSON.stringify({ token })}`);
    if (transport === 'socket.io' && text === '2') socket.send('3');
    const said = read(text);
    if (said === undefined) return;
    const message = JSON.parse(said) as Json;
    messages.push(message);
    if (message.type === 'ping') socket.send(say({ type: 'pong' }));
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  return { socket, messages, closed, send: (message: Json) => socket.send(say(message)) };
}

/** Tells of changes until it is enough. What stands in Postgres is small: it is not read. */
async function changeUntil(match: TestMatch, isEnough: () => Promise<boolean>): Promise<void> {
  const { fanout } = stack.backbones[0]!;
  for (let n = 0; n < MOST_CHANGES && !(await isEnough()); n += AT_ONCE) {
    await stack.pool.query('update match_state set version = $2 where match_id = $1', [
      match.id,
      match.version + AT_ONCE,
    ]);
    for (let i = 0; i < AT_ONCE; i += 1) {
      match.version += 1;
      const changed = { text: `${match.version} `.padEnd(LENGTH, 'x') };
      const { id: match_id, version } = match;
      await fanout.publishMatch({ match_id, tier: 2, version, seq: 0, changed, state: changed, events: [] });
    }
  }
}

describe.skipIf(isLeftOut || kind === 'distributed').each(['websocket', 'socket.io'] as const)('on %s', (transport) => {
  test('a board that does not read is told how the match is when it reads again, and is sent away the third time (P1-1)', async () => {
    const match = await matches.make({ institution_id: people.institution_id });
    const { socket, messages, closed, send } = openBoard(transport);
    await until('it is let in', () => messages.some(({ type }) => type === 'state'));
    send({ type: 'subscribe', match_id: match.id, tiers: [2] });
    await until('it follows', () => messages.some(({ type }) => type === 'snapshot'));
    const overflows = () => amountOf('listener_overflows_total', stack.backbones);
    const before = await overflows();
    socket.pause();
    await changeUntil(match, async () => (await overflows()) > before);
    socket.resume();
    const latest = () => messages.findLast(({ match_id }) => match_id === match.id)!;
    await until('it is level', () => latest().version === match.version);
    const told = messages.filter(({ match_id }) => match_id === match.id);
    expect(told.filter(({ type }) => type === 'snapshot').length).toBeGreaterThan(1);
    expect(told.map(({ version }) => version)).toEqual(told.map(({ version }) => version).toSorted((a, b) => a - b));
    expect(told.length).toBeLessThan(match.version);
    const slow = () => amountOf('sockets_closed_total', stack.backbones);
    const ended = await slow();
    socket.pause();
    await changeUntil(match, async () => (await slow()) > ended);
    socket.resume();
    await closed;
    expect(await slow()).toBeGreaterThan(ended);
  });
});

test.skipIf(isLeftOut || kind === 'distributed')(
  'where no token is asked for, everybody follows what is public, and nothing else',
  async () => {
    const open = await startStack({ LV_WS_REQUIRE_AUTH: 'false' });
    try {
      const { make } = createMatches(open.pool, open.backbones[0]!.fanout);
      const { institution_id } = people;
      const [shown, hidden] = [await make({ institution_id, visibility: 'public' }), await make({ institution_id })];
      const listener = await listenOnWebSocket(open.relayUrl, { token: null, namespace: '/feeds' });
      for (const { id } of [hidden, shown]) listener.send({ type: 'subscribe', match_id: id, tiers: [0] });
      await listener.until(({ type, match_id }) => type === 'snapshot' && match_id === shown.id);
      await listener.until(({ type, match_id }) => type === 'error' && match_id === hidden.id);
      expect(listener.messages.filter(({ type }) => type === 'snapshot')).toHaveLength(1);
      const bad = listenOnWebSocket(open.relayUrl, { token: 'bad', namespace: '/feeds' });
      expect(await (await bad).closed).toBe(1008);
      listener.close();
    } finally {
      await open.stop();
    }
  },
);
