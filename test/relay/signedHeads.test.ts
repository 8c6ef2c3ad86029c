/** A signature is made once for all who come to a head within a second. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { shareSignatures } from '../../src/relay/rooms/signedHeads.ts';

const head = (stream: string, sequence: number) => ({ stream, sequence, event_hash: `hash ${sequence}` });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who comes to one head within a second is given one signature, and each head and session has its own', async () => {
  const signed: string[] = [];
  const sign = shareSignatures(async ({ stream, sequence }) => {
    signed.push(`${stream} ${sequence}`);
    return `${signed.length}`;
  });
  expect(await Promise.all([sign(head('one', 5)), sign(head('one', 5)), sign(head('other', 5))])).toEqual([
    '1',
    '1',
    '2',
  ]);
  expect(await sign(head('one', 6))).toBe('3');
  await vi.advanceTimersByTimeAsync(999);
  expect(await sign(head('one', 6))).toBe('3');
  await vi.advanceTimersByTimeAsync(1);
  expect(await sign(head('one', 6))).toBe('4');
  expect(signed).toEqual(['one 5', 'other 5', 'one 6', 'one 6']);
});
