/** What a process answers about itself, whatever serves it. */
import { expect, test } from 'vitest';
import { healthAnswers } from '../../src/infra/telemetry/healthAnswers.ts';
import type { Health, Probe } from '../../src/infra/telemetry/probe.ts';

const answered = (path: string, health: Partial<Health>, isReady = true, query = {}) =>
  healthAnswers({ health: () => health, isReady: () => isReady } as Probe)[path]!(query).status;

test('is healthy for as long as Postgres is there, and Redis where that is required', () => {
  const withoutRedis = { healthy: true, redis_connected: false };
  expect(answered('/health', { healthy: false })).toBe(503);
  expect(answered('/health', withoutRedis)).toBe(200);
  expect(answered('/health', withoutRedis, true, { require: 'redis' })).toBe(503);
  expect(answered('/health', { ...withoutRedis, redis_connected: true }, true, { require: 'redis' })).toBe(200);
});

test('is ready where it can serve, and alive whatever is away', () => {
  expect(answered('/ready', { healthy: true }, false)).toBe(503);
  expect(answered('/ready', { healthy: true }, true)).toBe(200);
  expect(answered('/livez', { healthy: false }, false)).toBe(200);
});
