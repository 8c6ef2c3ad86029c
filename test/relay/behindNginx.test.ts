/** The page on sockets shows how nginx makes one address of API and relay: everything comes through it as it stands there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, must, openSession, post } from '../support/client.ts';
import { FORM, field, file, formOf, PDF } from '../support/exhibits.ts';
import {
  type Listener,
  type ListenOptions,
  listenOnSocketIo,
  listenOnSse,
  listenOnWebSocket,
} from '../support/listener.ts';
import { hasNginx, type Nginx, runNginx } from '../support/nginx.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/sockets.md'), 'utf8');
const [, snippet] = /```nginx\n([^`]+)```/.exec(page)!;

/** The snippet, leading to servers of the test: whatever it says twice or not at all is a fault of the page. */
function leadingTo(api: string, relay: string, port: number): string {
  const places = {
    '127.0.0.1:3000': new URL(api).host,
    '127.0.0.1:3001': new URL(relay).host,
    'listen 80': `listen 127.0.0.1:${port}`,
  };
  return Object.entries(places).reduce((text, [from, to]) => {
    expect(text.split(`${from};`)).toHaveLength(2);
    return text.replace(`${from};`, `${to};`);
  }, snippet!);
}

describe.skipIf(isLeftOut || !hasNginx)('behind nginx as the page on sockets has it', () => {
  let stack: Stack;
  let nginx: Nginx;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    nginx = await runNginx((port) => leadingTo(stack.url, stack.relayUrl, port));
    people = cast();
  });
  afterAll(async () => {
    await nginx?.stop();
    await stack?.stop();
  });

  const transports: Record<string, (options: ListenOptions) => Promise<Listener>> = {
    WebSocket: (options) => listenOnWebSocket(nginx.url, options),
    'socket.io, which begins by polling': (options) => listenOnSocketIo(nginx.url, options),
    'socket.io by WebSocket alone': (options) => listenOnSocketIo(nginx.url, options, ['websocket']),
    SSE: (options) => listenOnSse(nginx.url, options),
  };

  test.each(Object.keys(transports))('%s brings each event as it is committed', async (name) => {
    const { session_id, path } = await openSession(nginx.url, people);
    const listener = await transports[name]!({ token: people.student.token, session_id, last_sequence: 0 });
    await listener.until(({ type }) => type === 'SYNCED');
    for (const nth of [3, 4, 5]) {
      await must(post(nginx.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));
      await listener.until(({ event_sequence, type }) => type === 'EVENT' && event_sequence === nth);
    }
    expect(listener.events().map(({ event_sequence }) => event_sequence)).toEqual([1, 2, 3, 4, 5]);
    listener.close();
    await expectIntact(nginx.url, session_id, people.admin);
  });

  test('a refusal before the upgrade is the answer that the relay gave', async () => {
    const { session_id } = await openSession(nginx.url, people);
    await expect(listenOnWebSocket(nginx.url, { token: 'none', session_id })).rejects.toThrow('401');
  });

  test('files of more than a megabyte are taken in', async () => {
    const { path } = await openSession(nginx.url, people);
    const large = new Uint8Array(Buffer.concat([PDF, Buffer.alloc(2 * 2 ** 20)]));
    const form = formOf(field('title', 'A map'), field('side', 'petitioner'), file(large));
    const taken = await post(nginx.url, `${path}/exhibit/upload`, people.admin, form, { 'content-type': FORM });
    expect(taken.status).toBe(200);
    expect((await get(nginx.url, `${path}/exhibits`, people.admin)).body.items).toHaveLength(1);
  });
});
