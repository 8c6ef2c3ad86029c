/**
 * Sockets that flood, sockets that do not read, and both: the relay closes them, keeps little for them, and whoever else
 * is there does not notice. Raw sockets from another thread; what others see is measured on the server's own event loop.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { type Cast, cast, must, openSession, post } from '../support/client.ts';
import { isEverything, someOf } from '../support/everything.ts';
import {
  closeCodeOf,
  connectPacket,
  type Flooded,
  type FloodOptions,
  flood,
  frame,
  messagesOf,
  OPCODE,
  pathOf,
} from '../support/flood.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

/** Floods last longer. Two busy cores alone make others wait for two seconds, and other work beside them for more. */
const OTHERS_WAIT_MS = 12_000;
const MOST_HELD = 100 * 2 ** 20;

let stack: Stack;
let people: Cast;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterAll(async () => {
  if (isLeftOut) return;
  await checkHistory(stack.database, []);
  await stack.stop();
});

type Transport = keyof typeof pathOf;

/** @param said what each transport's client says to mean the same */
async function attack(
  transport: Transport,
  said: Record<Transport, Buffer>,
  options: Partial<FloodOptions> = {},
): Promise<Flooded> {
  const { session_id } = await openSession(stack.url, people);
  const { token } = people.student;
  return flood({
    url: stack.relayUrl,
    path: pathOf[transport](token, session_id),
    ...(transport === 'socket.io' && { opening: connectPacket(token, session_id) }),
    welcome: transport === 'socket.io' ? '40/live,' : 'WELCOME',
    chunk: said[transport],
    sockets: 1,
    reads: true,
    ms: 3_000,
    ...options,
  });
}

interface OverdueWork<T> {
  result: T;
  /** The longest that anybody waited for an answer of the server under attack. */
  slowest_ms: number;
  /** The most that its process held more than before. */
  held: number;
}

/** Asks and listens as others do until the attack is over: whoever listens misses nothing. */
async function watching<T>(attacked: Promise<T>): Promise<OverdueWork<T>> {
  const { session_id, path } = await openSession(stack.url, people);
  const options = { token: people.student.token, session_id, last_sequence: 0 };
  const listener = await listenOnWebSocket(stack.relayUrl, options);
  const before = memory();
  let isOver = false;
  let slowest_ms = 0;
  let held = 0;
  const asking = (async () => {
    while (!isOver) {
      const begun = performance.now();
      // A connection that was kept may end just as it is used again.
      await fetch(`${stack.relayUrl}/livez`).catch(() => fetch(`${stack.relayUrl}/livez`));
      slowest_ms = Math.max(slowest_ms, performance.now() - begun);
      const more = memory() - before;
      // What nobody needs any more is nothing that is held.
      held = Math.max(held, more < MOST_HELD ? more : neededMemory() - before);
      await wait(10);
    }
  })();
  for (let n = 3; n < 8; n += 1) {
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: { n } }));
    await listener.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === n);
  }
  const result = await attacked;
  isOver = true;
  await asking;
  listener.close();
  return { result, slowest_ms, held };
}

/** Messages that were sent to anybody, by all relays. */
async function delivered(): Promise<number> {
  const counts = await Promise.all(stack.backbones.map(({ metrics }) => metrics.delivered.get()));
  return counts.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0);
}

/** What the buffers and the heap of this process hold. */
function memory(): number {
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}

function neededMemory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return memory();
}

const PING = { websocket: frame('{"type":"PING"}'), 'socket.io': frame('42/live,["PING"]') };
const many = (said: Record<Transport, Buffer>, count = 4_000) => ({
  websocket: Buffer.concat(Array(count).fill(said.websocket)),
  'socket.io': Buffer.concat(Array(count).fill(said['socket.io'])),
});
const both = (bytes: Buffer) => ({ websocket: bytes, 'socket.io': bytes });
const errorsOf = (said: Flooded['frames'][number]) =>
  messagesOf(said).flatMap(({ type, code }) => (type === 'ERROR' ? [code] : []));

describe.skipIf(isLeftOut).each(someOf(['websocket', 'socket.io'] as const))(`a flood on %s, ${kind}`, (transport) => {
  test('of one byte frames from twenty sockets ends them at once, and others wait for nothing', async () => {
    const junk = many({ websocket: frame('y'), 'socket.io': frame('4y') });
    const { result, slowest_ms, held } = await watching(attack(transport, junk, { sockets: 20, ms: 60_000 }));
    expect(result.ended).toBe(20);
    expect(slowest_ms).toBeLessThan(OTHERS_WAIT_MS);
    expect(held).toBeLessThan(MOST_HELD);
  });

  test('of pings that are never read is answered twenty times, and holds little memory', async () => {
    const before = await delivered();
    const options = { sockets: 5, reads: false };
    const { slowest_ms, held } = await watching(attack(transport, many(PING), options));
    // And some words of welcome for each, and the events of the one who watches.
    expect((await delivered()) - before).toBeLessThan(5 * 30 + 20);
    expect(slowest_ms).toBeLessThan(OTHERS_WAIT_MS);
    expect(held).toBeLessThan(MOST_HELD);
  });

  test('is answered once in its first ten seconds, and closed with 4429 in the next', async () => {
    const { result, slowest_ms } = await watching(attack(transport, many(PING, 400), { ms: 60_000 }));
    const [said] = result.frames;
    expect(errorsOf(said!)).toEqual(['message_rate', 'message_rate']);
    expect(messagesOf(said!).filter(({ type }) => type === 'PONG').length).toBeLessThanOrEqual(40);
    if (transport === 'websocket') expect(closeCodeOf(said!)).toBe(4429);
    expect(result.ended).toBe(1);
    expect(slowest_ms).toBeLessThan(OTHERS_WAIT_MS);
  });

  test.each(
    someOf(
      [
        ['pings of the protocol', frame('', OPCODE.ping)],
        ['pongs that nobody asked for', frame('', OPCODE.pong)],
        ['frames of the largest size', frame(Buffer.alloc(65_535, 'y'), OPCODE.binary)],
        ['empty fragments', frame('', OPCODE.continuation, false)],
        ['goodbyes', frame(Buffer.from([0x03, 0xe8]), OPCODE.close)],
      ] as const,
      2,
    ),
  )('of %s is held back as well', async (_, bytes) => {
    const chunk = Buffer.concat([
      frame('', OPCODE.text, false),
      ...Array(Math.ceil(60_000 / bytes.length)).fill(bytes),
    ]);
    const { slowest_ms, held } = await watching(
      attack(transport, both(chunk), { sockets: 10, ms: isEverything ? 1_500 : 700 }),
    );
    expect(slowest_ms).toBeLessThan(OTHERS_WAIT_MS);
    expect(held).toBeLessThan(MOST_HELD);
  });
});
