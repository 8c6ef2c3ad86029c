/** When a connection is told of its token's end, and when that comes: in virtual time. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { Message } from '../../src/relay/listeners/messages.ts';
import { createTokenLife, WARN_MS } from '../../src/relay/listeners/tokenLife.ts';

describe("the watch over a token's end", () => {
  const said: Message[] = [];
  const ended: Message[] = [];

  test('warns a minute before, not sooner, and ends with it; an observer is not ended', async () => {
    vi.useFakeTimers();
    try {
      const expires_at = Math.floor(Date.now() / 1_000) + 3_600;
      const actor = { id: randomUUID(), role: 'judge' as const, institution_id: null };
      const watch = (identity: object) =>
        createTokenLife({
          admitted: { identity: { actor, expires_at, ...identity } as never },
          tokens: {} as never,
          owe: (_, make) => void said.push(make()),
          end: (message) => void ended.push(message),
        });
      const life = watch({});
      watch({ session_id: randomUUID(), holder: actor }).start();
      life.start();
      await vi.advanceTimersByTimeAsync(expires_at * 1_000 - Date.now() - WARN_MS - 1);
      expect(said).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(said).toEqual([{ type: 'TOKEN_EXPIRING', in_ms: WARN_MS }]);
      await vi.advanceTimersByTimeAsync(WARN_MS - 1);
      expect(ended).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(ended).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(10 * WARN_MS);
      expect([said.length, ended.length]).toEqual([1, 1]);
    } finally {
      vi.useRealTimers();
    }
  });
});
