/** The status: states and counts of what processes and paces say. */
import { describe, expect, test } from 'vitest';
import { namedFeed, type ProcessHealth, providersOf, servicesOf } from '../../src/feeds/statusAnswer.ts';

const healthOf = (more: Partial<ProcessHealth> = {}): ProcessHealth => ({
  ...{ healthy: true, degraded: false, redis_connected: true, queue: { pending: 2, oldest_pending_seconds: 1 } },
  processes: { api: 2, worker: 1, relay: 2, scheduler: 1, signer: 0 },
  ...more,
});
const pace = (health: number, breaker: 'closed' | 'half_open' | 'open' = 'closed') => ({
  ...{ health, breaker, quota: { limit: 60, used: 0 } },
});

describe('services', () => {
  test('are up where one process of them is, and say how many there are', () => {
    const { state, services, inbox } = servicesOf(healthOf());
    expect({ state, inbox }).toEqual({ state: 'up', inbox: { pending: 2, oldest_pending_seconds: 1 } });
    const up = { state: 'up' };
    expect(services).toMatchObject({ postgres: up, redis: up, api: { state: 'up', count: 2 } });
    expect(services.signer).toEqual({ state: 'down', count: 0 });
  });

  test.each<[string, Partial<ProcessHealth>, string]>([
    ['without Postgres', { healthy: false, degraded: false }, 'down'],
    ['while something is missing', { degraded: true }, 'degraded'],
  ])('%s the whole is said to be so', (_, more, state) => {
    expect(servicesOf(healthOf(more)).state).toBe(state);
  });

  test('no Redis is no fault where there is to be none', () => {
    expect(servicesOf(healthOf({ redis_connected: null })).services.redis).toBeNull();
    expect(servicesOf(healthOf({ redis_connected: false })).services.redis).toEqual({ state: 'down' });
  });
});

describe('providers', () => {
  test('are counted by their health and their breaker', () => {
    const paces = [pace(8_000), pace(4_000), pace(3_999), pace(9_000, 'half_open'), pace(9_000, 'open')];
    expect(providersOf(paces)).toEqual({
      providers: { up: 2, degraded: 2, down: 1 },
      breaker: { closed: 3, half_open: 1, open: 1 },
    });
  });

  test('are null where they cannot be read, which is not none', () => {
    expect(providersOf(null)).toEqual({ providers: null, breaker: null });
    expect(providersOf([]).providers).toEqual({ up: 0, degraded: 0, down: 0 });
  });

  test('are named with nothing but how they are', () => {
    const row = { id: 'f', name: 'Harbour Moot', provider: 'csv' as const, last_sync: null };
    expect(namedFeed(row, pace(8_000))).toEqual({ ...row, state: 'up', health: 8_000, breaker: 'closed' });
  });
});
