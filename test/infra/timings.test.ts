/** Times that must agree, in the clockwork as it is and in the faster one of the tests. */
import { describe, expect, test } from 'vitest';
import { OVERDUE_AFTER_SECONDS } from '../../src/core/apply/transaction.ts';
import { timings } from '../../src/infra/timings.ts';
import { faster } from '../support/fasterTimings.ts';

describe.each([
  ['as it is', timings],
  ["the tests' own", faster(timings)],
])('the clockwork, %s', (_, { leadership, claims, ticks, watchdog, heartbeat, postgres, redis, queue, applying }) => {
  test('a leader renews twice before it stops to trust its lease', () => {
    expect(leadership.lease_ms - leadership.safety_ms).toBeGreaterThan(2 * leadership.renew_every_ms);
    expect(leadership.release_within_ms).toBeLessThan(leadership.lease_ms);
  });

  test('handing over after a death makes no tick late', () => {
    expect(leadership.lease_ms + leadership.renew_every_ms).toBeLessThan(ticks.on_time_within_ms);
    expect(leadership.most_skew_ms).toBeLessThanOrEqual(leadership.safety_ms);
  });

  test('a claim is renewed twice before it is free', () => {
    expect(claims.claim_ms).toBeGreaterThan(2 * claims.renew_every_ms);
    expect(claims.claim_ms % 1_000).toBe(0);
  });

  test('the watchdog misses several beats before it bites, and does so before Postgres gives up the transaction', () => {
    const { patience_ms, beat_every_ms, check_every_ms } = watchdog;
    expect(patience_ms).toBeGreaterThan(4 * Math.max(beat_every_ms, check_every_ms));
    expect(postgres.idle_in_transaction_ms).toBeGreaterThan(patience_ms + beat_every_ms + check_every_ms);
  });

  test('a command that has ended one worker is a suspect to the next, which counts the attempt before it is made', () => {
    expect(watchdog.patience_ms).toBeGreaterThanOrEqual(OVERDUE_AFTER_SECONDS * 1_000);
  });

  test('Postgres hears several heartbeats in the time after which it ends a session', () => {
    expect(heartbeat.silence_ms).toBeGreaterThan(2 * (heartbeat.beat_every_ms + heartbeat.patience_ms));
  });

  test('a row that is waited for is given up before a lock, and a lock before a statement is held for lost', () => {
    expect(applying.lock_ms).toBeLessThan(postgres.lock_ms);
    expect(applying.overdue_after_ms).toBeGreaterThanOrEqual(applying.poll.most_ms);
  });

  test('what can be done without Redis does not wait for its probe, and a live queue renews its locks', () => {
    expect(redis.patience_ms).toBeLessThan(redis.probe_within_ms);
    expect(redis.probe_key_ms).toBeGreaterThan(2 * redis.probe_every_ms);
    expect(queue.lock_ms).toBeGreaterThanOrEqual(2 * queue.stalled_every_ms);
  });
});

test("the tests' own clockwork is faster, and nowhere slower", () => {
  const [own, usual] = [flat(faster(timings)), flat(timings)];
  expect(Object.keys(own)).toEqual(Object.keys(usual));
  const slower = Object.keys(own).filter((name) => own[name]! > usual[name]!);
  expect(slower).toEqual([]);
  expect(own['leadership.lease_ms']).toBeLessThan(usual['leadership.lease_ms']!);
});

function flat(group: object, prefix = ''): Record<string, number> {
  return Object.fromEntries(
    Object.entries(group).flatMap(([name, value]) =>
      typeof value === 'number' ? [[prefix + name, value]] : Object.entries(flat(value, `${prefix}${name}.`)),
    ),
  );
}
