/** When a connection is told of its token's end, and when that comes. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Message } from '../../src/relay/listeners/messages.ts';
import { TokenLife, WARN_MS } from '../../src/relay/listeners/tokenLife.ts';

test('a connection is warned once, a minute before its token ends, and ends with it; an observer is not ended', () => {
  const said: string[] = [];
  const ended: Message[] = [];
  const expires_at = Math.floor(Date.now() / 1_000) + 3_600;
  const actor = { id: randomUUID(), role: 'judge' as const, institution_id: null };
  let isWelcome = true;
  const watch = (identity: object) =>
    new TokenLife({ identity: { actor, expires_at, ...identity } as never }, {} as never, {
      isOpen: () => true,
      isWelcome: () => isWelcome,
      owe: (kind) => void said.push(kind),
      close: (_, message) => void ended.push(message),
    });
  const lives = [watch({}), watch({ session_id: randomUUID(), holder: actor })];
  const inspect = (before_ms: number) => {
    for (const life of lives) life.inspect(expires_at * 1_000 - before_ms);
  };
  inspect(WARN_MS + 1);
  expect(said).toEqual([]);
  isWelcome = false;
  inspect(WARN_MS);
  expect(said).toEqual([]);
  isWelcome = true;
  inspect(WARN_MS - 1);
  inspect(1);
  expect([said, ended]).toEqual([['TOKEN_EXPIRING'], []]);
  inspect(0);
  expect(ended.map(({ type }) => type)).toEqual(['ERROR']);
});
