/** Rate limits of APIs whose Redis is gone: together they let in what the limit says, and everybody sees that it is so. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amountOf } from '../support/amounts.ts';
import { get, person, post } from '../support/client.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const LIMIT = 10;

describe.skipIf(isLeftOut || kind === 'embedded')('two APIs without their Redis', () => {
  let redis: TestRedis;
  let stack: Stack;
  beforeAll(async () => {
    redis = await startRedis();
    const limits = { RATE_LIMIT_GENERAL_PER_MINUTE: `${LIMIT}`, RATE_LIMIT_READS_PER_MINUTE: `${LIMIT}` };
    stack = await startStack({ ...limits, LOG_LEVEL: 'silent' }, redis.url);
    const apis = stack.backbones.filter(({ process }) => process.startsWith('api'));
    expect(apis).toHaveLength(2);
    for (const { heartbeat } of apis) await until('two APIs are known', () => heartbeat.alive().api === 2);
  });
  afterAll(async () => {
    await stack.stop();
    await redis.stop();
  });

  async function statusesOf(ask: (url: string) => Promise<{ status: number }>): Promise<number[]> {
    const statuses: number[] = [];
    for (let i = 0; i < 3 * LIMIT; i++) statuses.push((await ask(stack.apis[i % 2]!)).status);
    return statuses;
  }
  const letIn = (statuses: number[]) => statuses.filter((status) => status !== 429).length;

  test('let in what the limit says, of a user and of an address, and alarm until it is back', async () => {
    const [one, other] = [person('super_admin'), person('super_admin')];
    const listBy = (who: typeof one) => (url: string) => get(url, '/api/assignment/list', who);
    expect(letIn(await statusesOf(listBy(one)))).toBe(LIMIT);
    await redis.kill();
    expect(letIn(await statusesOf(listBy(other)))).toBe(LIMIT);
    expect(letIn(await statusesOf((url) => post(url, '/jobs/login', null, { token: 'none' })))).toBe(LIMIT);
    const { headers } = await get(stack.url, '/api/assignment/list', other);
    expect(headers.get('x-ratelimit-limit')).toBe(`${LIMIT / 2}`);
    expect(await amountOf('limiter_degraded', stack.backbones)).toBe(2);
    expect(await amountOf('limiter_refusals_total', stack.backbones)).toBeGreaterThan(4 * LIMIT);
    await redis.restart();
    await until('none is degraded', async () => (await amountOf('limiter_degraded', stack.backbones)) === 0, 25_000);
    expect(letIn(await statusesOf(listBy(other)))).toBe(LIMIT);
  });
});
