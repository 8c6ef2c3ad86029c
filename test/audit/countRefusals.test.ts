/** What a door has counted of refusals is stored when it closes: all of it, and within a bound. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { countRefusals } from '../../src/http/audit/refusals.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';

const metrics = { refusals: { inc: () => {} } } as never;
const log = createLog('silent', 'test');

/** @param answer to each statement, which has so many rows */
function refused(routes: number, answer: (rows: number) => Promise<unknown>) {
  const query = ({ values }: { values: [string] }) => answer((JSON.parse(values[0]) as unknown[]).length);
  const refusals = countRefusals({ db: { query } as unknown as Queryable, installation: randomUUID(), metrics, log });
  const actor = { id: randomUUID(), role: 'judge', institution_id: randomUUID() };
  for (let n = 0; n < routes; n += 1) {
    const res = { locals: { caller: { actor, route: `GET /api/${n}` } } };
    refusals.note(res as never, { status: 403, code: 'forbidden' } as never);
  }
  return refusals;
}

test('of a door that is closed all of it is stored, in portions', async () => {
  const stored: number[] = [];
  await refused(2_500, async (rows) => stored.push(rows)).close();
  expect(stored).toEqual([1_000, 1_000, 500]);
});

test('a door is closed where Postgres does not answer', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const closing = refused(1, () => new Promise(() => {})).close();
  await vi.advanceTimersByTimeAsync(1_000);
  await closing;
});

test('a door is closed where Postgres refuses, and asks no more than once', async () => {
  let asked = 0;
  await refused(1, async () => {
    asked += 1;
    throw new Error('away');
  }).close();
  expect(asked).toBe(1);
});
