/** The broadcast's contract, run on both adapters; and what only Redis can do: be lost, and come back. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { createRedisBroadcast } from '../../src/infra/broadcast/redis.ts';
import { parseReplies, replyText } from '../../src/infra/broadcast/replies.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { startRedis, useRedis } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const servers: RedisServer[] = [];
const connect = (url: string) => {
  servers.push(useRedis(url));
  return servers.at(-1)!;
};
const ADAPTERS: [name: string, create: () => Broadcast][] = [
  ['in-process', createInProcessBroadcast],
  ...(redisUrl === null
    ? []
    : ([['Redis', () => createRedisBroadcast(connect(redisUrl), `${randomUUID()}:`)]] as [string, () => Broadcast][])),
];

const open: Broadcast[] = [];
afterEach(async () => {
  for (const broadcast of open.splice(0)) await broadcast.close();
  for (const server of servers.splice(0)) server.close();
});

/** Collects a channel's messages; `last` resolves when a given one has come. */
async function collect(broadcast: Broadcast, channel: string) {
  const messages: string[] = [];
  const waiting = new Map<string, () => void>();
  const end = await broadcast.subscribe(channel, (message) => {
    messages.push(message);
    waiting.get(message)?.();
  });
  const until = (message: string) =>
    new Promise<void>((resolve) => {
      waiting.set(message, resolve);
      if (messages.includes(message)) resolve();
    });
  return { messages, until, end };
}

describe.each(ADAPTERS)('the broadcast, %s', (_, create) => {
  const start = () => {
    const broadcast = create();
    open.push(broadcast);
    return broadcast;
  };

  /** A publisher that is not connected yet says so; the first message that gets through ends the wait. */
  async function publishFirst(broadcast: Broadcast, channel: string, message: string): Promise<void> {
    for (;;) {
      try {
        await broadcast.publish(channel, message);
        return;
      } catch {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  test('every listener of a channel hears every message once and in order, others hear nothing', async () => {
    const broadcast = start();
    const [one, two, other] = await Promise.all([
      collect(broadcast, 'a'),
      collect(broadcast, 'a'),
      collect(broadcast, 'b'),
    ]);
    await publishFirst(broadcast, 'a', '1');
    for (const message of ['2', '3', 'Objection — “sustained” \u2028 𝄞']) await broadcast.publish('a', message);
    await broadcast.publish('b', 'end');
    await Promise.all([one.until('Objection — “sustained” \u2028 𝄞'), other.until('end')]);
    await two.until('Objection — “sustained” \u2028 𝄞');
    expect(one.messages).toEqual(['1', '2', '3', 'Objection — “sustained” \u2028 𝄞']);
    expect(two.messages).toEqual(one.messages);
    expect(other.messages).toEqual(['end']);
  });

  test('a listener that has ended hears nothing more, the others go on', async () => {
    const broadcast = start();
    const [gone, stays] = await Promise.all([collect(broadcast, 'a'), collect(broadcast, 'a')]);
    await publishFirst(broadcast, 'a', '1');
    await stays.until('1');
    await gone.end();
    await broadcast.publish('a', '2');
    await stays.until('2');
    expect(gone.messages).toEqual(['1']);
  });

  test('a channel left and joined again works, also when both happen at once', async () => {
    const broadcast = start();
    const first = await collect(broadcast, 'a');
    const [second] = await Promise.all([collect(broadcast, 'a'), first.end()]);
    const third = await collect(broadcast, 'a');
    await publishFirst(broadcast, 'a', 'x');
    await Promise.all([second.until('x'), third.until('x')]);
    expect(first.messages).toEqual([]);
  });

  test('publishing where nobody listens is no fault', async () => {
    await expect(publishFirst(start(), 'nobody', 'x')).resolves.toBeUndefined();
  });
});

describe.skipIf(redisUrl === null)('the broadcast on a Redis that is lost', () => {
  test('subscriptions hold again after it came back empty, and whoever asked is told', async () => {
    const redis = await startRedis();
    try {
      const broadcast = createRedisBroadcast(connect(redis.url), '');
      open.push(broadcast);
      const listener = await collect(broadcast, 'a');
      const interrupted = new Promise<void>((resolve) => broadcast.onInterruption(resolve));
      await redis.restart();
      await interrupted;
      await expect
        .poll(() =>
          broadcast.publish('a', 'back').then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      await listener.until('back');
    } finally {
      await redis.stop();
    }
  });
});

test('replies survive their text form, whatever an outcome holds', () => {
  const replies = ['{"result":{"text":"a b\\nc"}}', '{}'].map((body, i) => ({
    id: randomUUID(),
    status: 'applied' as const,
    attempts: i + 1,
    finished_at: '2026-11-21T10:00:00.000Z',
    body,
  }));
  expect(parseReplies(replyText(replies))).toEqual(replies);
});
