/** What all requests of a feed share: one probe, one quota, one health. In this process's memory; Redis gives the same (test/infra/sharedStates.test.ts). */
import { describe, expect, test } from 'vitest';
import type { OutboundError } from '../../../src/core/definitions/outbound.ts';
import { createPace } from '../../../src/feeds/pace/pace.ts';
import { createInProcessStates } from '../../../src/infra/pace/inProcess.ts';

const START = 1_800_000_000_000;
const LIMIT = 60;

function open() {
  let now = START;
  const pace = createPace(createInProcessStates(() => now));
  const pass = (ms: number) => {
    now += ms;
  };
  const enter = (feed_id = 'a') =>
    pace.enter(feed_id, LIMIT).then(
      () => 'entered',
      ({ code, retry_after_ms }: OutboundError) => ({ code, retry_after_ms }),
    );
  async function request(outcome: 'ok' | 'limited' | 'failed', feed_id = 'a') {
    const entered = await enter(feed_id);
    if (entered === 'entered') await pace.leave(feed_id, { outcome, latency_ms: 0 });
    return entered;
  }
  const read = async (feed_id = 'a') => (await pace.read([{ feed_id, limit: LIMIT }]))[0]!;
  return { pass, enter, request, read };
}

describe('the pace of a feed', () => {
  test('is unknown before anybody has asked', async () => {
    const { read } = open();
    expect(await read()).toEqual({ health: 8_000, breaker: 'closed', quota: { limit: 60, used: 0 }, quota_used: 0 });
  });

  test('after five failures nothing is asked for a minute, and then one request alone', async () => {
    const { pass, enter, request, read } = open();
    for (let i = 0; i < 5; i += 1) expect(await request('failed')).toBe('entered');
    expect(await enter()).toEqual({ code: 'breaker_open', retry_after_ms: 60_000 });
    expect(await read()).toMatchObject({ breaker: 'open', health: 4_500, quota: { used: 5 } });
    pass(60_000);
    expect(await enter()).toBe('entered');
    expect(await enter()).toMatchObject({ code: 'breaker_open' });
  });

  test('a probe that succeeds closes the breaker', async () => {
    const { pass, request, read } = open();
    for (let i = 0; i < 5; i += 1) await request('failed');
    pass(60_000);
    expect(await request('ok')).toBe('entered');
    expect(await read()).toMatchObject({ breaker: 'closed' });
    expect(await request('ok')).toBe('entered');
  });

  test('a 429 opens no breaker', async () => {
    const { request, read } = open();
    for (let i = 0; i < 20; i += 1) await request('limited');
    expect(await read()).toMatchObject({ breaker: 'closed' });
  });

  test('the sixty-first request of a minute is refused, is no probe, and counts for nothing', async () => {
    const { pass, enter, request, read } = open();
    for (let i = 0; i < 60; i += 1) await request('ok');
    expect(await enter()).toEqual({ code: 'quota_spent', retry_after_ms: 60_000 });
    expect(await read()).toMatchObject({ quota: { used: 60 }, quota_used: 10_000 });
    pass(60_000);
    expect(await enter()).toBe('entered');
  });

  test('one feed is none of another’s business', async () => {
    const { request, enter, read } = open();
    for (let i = 0; i < 5; i += 1) await request('failed');
    expect(await enter('b')).toBe('entered');
    expect(await read('b')).toMatchObject({ breaker: 'closed', health: 8_000 });
  });
});
