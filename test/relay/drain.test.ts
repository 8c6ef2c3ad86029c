/** A relay that stops sends its listeners to another: none is lost, none is locked out, and none is left behind. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import pino from 'pino';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { openLimiter } from '../../src/infra/limiter/openLimiter.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import type { Config } from '../../src/infra/process/config.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens, type Tokens } from '../../src/infra/tokens.ts';
import { drainWindow } from '../../src/relay/listeners/drain.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { type Cast, cast, get, type Json, must, openSession, person, post } from '../support/client.ts';
import { openConsole } from '../support/consoles.ts';
import { someOf } from '../support/everything.ts';
import {
  type Listener,
  type ListenOptions,
  listenOnSocketIo,
  listenOnSse,
  listenOnWebSocket,
} from '../support/listener.ts';
import { quickest } from '../support/quickest.ts';
import { refusedOnSocketIo, refusedOnSse, refusedOnWebSocket } from '../support/refused.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

let stack: Stack;
let people: Cast;
let tokens: Tokens;
let limiter: Awaited<ReturnType<typeof openLimiter>>;
const open: { close(): Promise<unknown> | unknown }[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  const { rows } = await stack.pool.query('select secret from ticket_secrets');
  limiter = await openLimiter(stack.backbones[0]!);
  const keys = { secret: SECRET, publicKey: undefined, issuer: undefined, audience: undefined };
  tokens = createTokens({ ...keys, ticketKeys: ticketKeysOf(rows[0].secret), revocations: NO_REVOCATIONS });
});
afterAll(async () => {
  for (const one of open) await one.close();
  limiter?.close();
  await stack?.stop();
});

/** A relay more, on a server of its own; what it logs is kept. @param nth of the processes that there are */
async function openRelay(nth: 1 | 2 = 1, settings: Partial<Config> = {}) {
  const backbone = stack.backbones.at(-nth) ?? stack.backbones[0]!;
  const logged: Json[] = [];
  const write = (line: Buffer, _: unknown, done: () => void) => {
    logged.push(JSON.parse(String(line)));
    done();
  };
  const log = pino({ level: 'info' }, new Writable({ write })) as never;
  const pool = openPool(stack.database.url, 'relay', 4, () => {});
  const config = { ...backbone.config, ...settings };
  const relay = createRelay({ ...backbone, boot: randomUUID(), config, log, pool, tokens, limiter });
  const server = createServer((_req, res) => void res.writeHead(404).end());
  relay.attach(server);
  const port = await listen(server, '127.0.0.1', 0, 0);
  let closed: Promise<void> | undefined;
  const drain = () => (closed ??= relay.close());
  open.push({
    async close() {
      await drain();
      await closeServer(server);
      await pool.end();
    },
  });
  return { url: `http://127.0.0.1:${port}`, drain, logged };
}

const sequences = (listener: Listener) => listener.events().map(({ event_sequence }) => event_sequence as number);
const ticketOf = (message: Json) => message.resume_ticket as string;

/** An observer's ticket that ended a minute ago: it lets in nobody who has no resume ticket. */
function endedTicket(session_id: string): string {
  const holder: Actor = { id: `observer:${session_id}`, role: 'observer', institution_id: null };
  return tokens.issueTicket({ holder, session_id, expires_at: new Date(Date.now() - 60_000).toISOString() });
}
const goodTicket = (session_id: string) => {
  const holder: Actor = { id: `observer:${session_id}`, role: 'observer', institution_id: null };
  return tokens.issueTicket({ holder, session_id, expires_at: new Date(Date.now() + 60_000).toISOString() });
};

const TRANSPORTS = {
  websocket: { connect: listenOnWebSocket, refused: refusedOnWebSocket, ended: 4503 },
  'socket.io': { connect: listenOnSocketIo, refused: refusedOnSocketIo, ended: 'transport close' },
  sse: { connect: listenOnSse, refused: refusedOnSse, ended: 'ended' },
};

describe.skipIf(isLeftOut).each(someOf(Object.entries(TRANSPORTS), 2))(
  `draining, %s, ${kind}`,
  (_, { connect, ended, refused }) => {
    const listening = async (url: string, options: ListenOptions) => {
      const listener = await connect(url, options);
      open.push(listener);
      await listener.until(({ type }) => type === 'SYNCED');
      return listener;
    };

    test('a listener is told when to come back, and with which ticket; the older one is good no more', async () => {
      const relay = await openRelay();
      const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
      const listener = await listening(relay.url, { token: goodTicket(session_id), session_id });
      const drained = relay.drain();
      const farewell = await listener.until(({ type }) => type === 'DRAIN');
      expect(await listener.closed).toBe(ended);
      await drained;
      expect(farewell.reconnect_in_ms).toBeGreaterThan(0);
      expect(farewell.reconnect_in_ms).toBeLessThanOrEqual(5_000);
      const back = { token: endedTicket(session_id), session_id, last_sequence: 2 };
      const older = { ...back, resume_ticket: ticketOf(listener.messages[0]!) };
      await expect(listening(stack.relayUrl, older)).rejects.toThrow(/401|The token is/);
      await listening(stack.relayUrl, { ...back, resume_ticket: ticketOf(farewell) });
      await expect(listening(stack.relayUrl, { ...back, resume_ticket: ticketOf(farewell) })).rejects.toThrow();
    });

    test('all that a relay served comes back on another, without a gap or a repeat, and uncounted', async () => {
      const limits = { WS_MAX_CONNECTIONS_PER_USER: 12 };
      const [leaves, stays] = [await openRelay(1, limits), await openRelay(2, limits)];
      const { session_id, path } = await openSession(stack.url, people);
      const note = (n: number) =>
        must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } }));
      const { token } = person('participant', { institution_id: people.institution_id });
      const first = await Promise.all(
        Array.from({ length: 12 }, () => listening(leaves.url, { token, session_id, last_sequence: 0 })),
      );
      let isOver = false;
      let noted = 0;
      const noting = (async () => {
        while (!isOver || noted < 20) await note(noted++);
      })();
      const drained = leaves.drain();
      const back = await Promise.all(
        first.map(async (listener) => {
          const farewell = await listener.until(({ type }) => type === 'DRAIN');
          expect(await listener.closed).toBe(ended);
          const last_sequence = sequences(listener).at(-1)!;
          const resume_ticket = ticketOf(farewell);
          return listening(stays.url, { token, session_id, last_sequence, resume_ticket });
        }),
      );
      await drained;
      isOver = true;
      await noting;
      const { head } = await must(get(stack.url, path, people.admin));
      const all = Array.from({ length: head.event_sequence }, (_unused, i) => i + 1);
      for (const [i, listener] of back.entries()) {
        await listener.until(({ event_sequence }) => event_sequence === head.event_sequence);
        expect([...sequences(first[i]!), ...sequences(listener)]).toEqual(all);
      }
      // None of them was counted twice, and the limit is used up.
      expect(await refused(stays.url, { token, session_id })).toMatchObject({ status: 429 });
      expect(leaves.logged.filter(({ msg }) => msg === 'relay drained')).toMatchObject([
        { total_connections_closed: 12 },
      ]);
      await expectIntact(stack.url, session_id, people.admin);
    });

    test('what comes while a relay drains is refused, to come back elsewhere', async () => {
      const relay = await openRelay();
      const { session_id } = await openSession(stack.url, people);
      const token = people.student.token;
      const stay = await Promise.all(Array.from({ length: 40 }, () => listening(relay.url, { token, session_id })));
      const drained = relay.drain();
      await stay[0]!.until(() => true);
      if (connect === listenOnSocketIo) {
        // Its transport is closed: a client that is refused in the namespace would not come back by itself.
        const client = io(`${relay.url}/live`, { auth: { token, session_id }, forceNew: true, reconnectionDelay: 10 });
        open.push(client);
        await new Promise((resolve) => client.io.once('reconnect_attempt', resolve));
        expect(client.connected).toBe(false);
        client.close();
      } else {
        expect(await refused(relay.url, { token, session_id })).toMatchObject({ status: 503, code: 'unavailable' });
      }
      await drained;
      for (const listener of stay) expect(await listener.closed).toBe(ended);
    });
  },
);

describe.skipIf(isLeftOut)(`the window of a drain, ${kind}`, () => {
  test('listeners are sent away one by one, at random moments', async () => {
    const relay = await openRelay();
    const { session_id } = await openSession(stack.url, people);
    const token = people.student.token;
    const all = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const listener = await listenOnWebSocket(relay.url, { token, session_id });
        await listener.until(({ type }) => type === 'SYNCED');
        return listener;
      }),
    );
    const began = performance.now();
    const drained = relay.drain();
    const moments = await Promise.all(all.map(({ closed }) => closed.then(() => performance.now() - began)));
    await drained;
    moments.sort((one, other) => one - other);
    // Of thirty in a second and a half no half-second holds all, but by a chance of one in a billion.
    expect(moments.at(-1)! - moments[0]!).toBeGreaterThan(500);
    expect(relay.logged.at(-1)).toMatchObject({ total_connections_closed: 30, msg: 'relay drained' });
  });

  test('a relay that nobody listens to stops at once, and says so', async () => {
    const stopping = async () => {
      const idle = await openRelay();
      const began = performance.now();
      await idle.drain();
      const stopped_ms = performance.now() - began;
      expect(idle.logged.at(-1)).toMatchObject({ total_connections_closed: 0 });
      return stopped_ms;
    };
    expect(await quickest(500, stopping)).toBeLessThan(500);
  });

  test('a listener that has stopped reading is counted too (P1-6)', async () => {
    const relay = await openRelay();
    const { session_id } = await openSession(stack.url, people);
    const listener = await listenOnSse(relay.url, { token: people.student.token, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    listener.pause();
    await relay.drain();
    expect(relay.logged.at(-1)).toMatchObject({ total_connections_closed: 1 });
    listener.close();
  });
});

test('the window grows with the listeners, and leaves time to stop in', () => {
  expect(drainWindow(0, 25)).toBe(0);
  expect(drainWindow(10, 25)).toBe(500);
  expect(drainWindow(10_000, 25)).toBe(15_000);
  expect(drainWindow(10_000, 300)).toBe(20_000);
  expect(drainWindow(10_000, 1)).toBe(600);
});

test.skipIf(isLeftOut)('a console is told that its relay stops, and cut so that it comes back', async () => {
  const relay = await openRelay();
  const console = await openConsole(relay.url, people.student);
  const drained = relay.drain();
  expect(await console.until('error')).toMatchObject({ code: 'draining' });
  expect(await console.ended).toBe('transport close');
  await drained;
  await openConsole(stack.relayUrl, people.student);
});
