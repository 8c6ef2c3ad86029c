/** The end of a connection's token over real sockets: it is told before, another may take its place, and only the same person's. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signToken } from '../../src/infra/tokens.ts';
import { type Cast, cast, openSession } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let session_id: string;
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  ({ session_id } = await openSession(stack.url, people));
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

/** Long enough to connect and to be level on a busy machine. */
const SOON_SECONDS = 5;

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

/** A token of the petitioner that is good for so long. */
function tokenFor(seconds: number, changes: object = {}): string {
  const { id: sub, institution_id } = people.petitioner;
  return signToken({ sub, role: 'participant', institution_id, exp: inSeconds(seconds), ...changes }, SECRET);
}

const TRANSPORTS = {
  websocket: { connect: listenOnWebSocket, ended: 4401 },
  'socket.io': { connect: listenOnSocketIo, ended: 'io server disconnect' },
};

describe.skipIf(isLeftOut).each(Object.entries(TRANSPORTS))(`a token's end on %s, ${kind}`, (_, { connect, ended }) => {
  const listen = async (options: Omit<ListenOptions, 'session_id'>) => {
    const listener = await connect(stack.relayUrl, { ...options, session_id });
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    return listener;
  };
  const typesOf = ({ messages }: Listener) => messages.map(({ type }) => type);

  test('is told within its last minute, and another token moves it', async () => {
    const listener = await listen({ token: tokenFor(SOON_SECONDS) });
    const { in_ms } = await listener.until(({ type }) => type === 'TOKEN_EXPIRING');
    expect(in_ms).toBeGreaterThan(0);
    expect(in_ms).toBeLessThanOrEqual(SOON_SECONDS * 1_000);
    const exp = inSeconds(3_600);
    listener.send({ type: 'REAUTH', token: tokenFor(0, { exp }) });
    const { expires_at } = await listener.until(({ type }) => type === 'REAUTHED');
    expect(expires_at).toBe(new Date(exp * 1_000).toISOString());
    const end = performance.now() + in_ms + 500;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(end), 25_000);
    listener.send({ type: 'PING' });
    await listener.until(({ type }) => type === 'PONG');
    expect(typesOf(listener)).not.toContain('ERROR');
  });

  test('ends the connection where no other came', async () => {
    const listener = await listen({ token: tokenFor(SOON_SECONDS) });
    expect(await listener.closed).toBe(ended);
    const error = { type: 'ERROR', code: 'unauthenticated', detail: 'The token has expired.' };
    expect(listener.messages.at(-1)).toEqual(error);
  });

  test.each<[string, () => string]>([
    ["another person's", () => tokenFor(7_200, { sub: randomUUID() })],
    ['of another role', () => tokenFor(7_200, { role: 'judge' })],
    ['of another institution', () => tokenFor(7_200, { institution_id: randomUUID() })],
    ['one that ends earlier', () => tokenFor(60)],
    ['one that has ended', () => tokenFor(-60)],
    ['forged', () => `${tokenFor(7_200).slice(0, -4)}AAAA`],
    ['no token at all', () => 'nonsense'],
  ])('is final where the other is %s', async (_name, make) => {
    const listener = await listen({ token: tokenFor(3_600) });
    listener.send({ type: 'REAUTH', token: make() });
    expect(await listener.closed).toBe(ended);
    expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unauthenticated' });
    expect(typesOf(listener)).not.toContain('REAUTHED');
  });

  test('REAUTH is a message like others: malformed it changes nothing, and too many are dropped', async () => {
    const listener = await listen({ token: tokenFor(3_600) });
    for (const wrong of [{ type: 'REAUTH' }, { type: 'REAUTH', token: 7 }, { type: 'REAUTH', token: 'x', more: 1 }]) {
      listener.send(wrong);
    }
    await listener.until(({ code }) => code === 'message_not_allowed');
    for (let n = 0; n < 25; n += 1) listener.send({ type: 'REAUTH', token: tokenFor(3_700 + n) });
    await listener.until(({ code }) => code === 'message_rate');
    expect(typesOf(listener).filter((type) => type === 'REAUTHED').length).toBeLessThan(25);
  });
});
