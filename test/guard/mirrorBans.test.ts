/** Bans are told to where the guard counts when Redis comes back, and not as often as it comes and goes. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMirror } from '../../src/http/guard/mirrorBans.ts';
import type { KnownBan } from '../../src/infra/guard/followBans.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ban: KnownBan = { id: 'a', owner: 'one', subject: 'address', value: '192.0.2.1', rule: 'rate', left_ms: 60_000 };

test('as often as Redis comes back, all bans are mirrored at once, and again ten seconds later, once', async () => {
  const store = { mirror: vi.fn(async () => {}), claimMirror: async () => false };
  const bans = { of: () => [ban], all: () => [ban], close() {} };
  const { mirrorAgain, close } = createMirror({ store, bans: () => bans, installation: 'one', log: { debug() {} } });
  const toldAfter = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return store.mirror.mock.calls.length;
  };
  mirrorAgain();
  expect(await toldAfter(0)).toBe(1);
  for (let i = 0; i < 100; i += 1) mirrorAgain();
  expect(await toldAfter(9_999)).toBe(1);
  mirrorAgain();
  expect(await toldAfter(1)).toBe(2);
  expect(await toldAfter(60_000)).toBe(2);
  close();
});
