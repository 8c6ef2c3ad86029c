/** Decisions at a fixed rate from this process, each counted from when it was due, and what they cost it and Redis. */
import { availableParallelism } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { percentile } from './report.ts';
import { findChild, readUsage } from './usage.ts';

export interface Decided {
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  refused_percent: number;
  /** That could not be made. */
  failed_percent: number;
  /** Microseconds of processor time for each decision; of this process with the waiting for the next. */
  process_us: number;
  redis_us: number;
  /** What the machine did besides, as a share of all its processors. */
  elsewhere_percent: number;
}

/**
 * Decisions fall due one after the other at the rate, however late the ones before are answered.
 * @param isAdmitted decides one of them
 */
export async function decideAtRate(
  isAdmitted: () => Promise<boolean>,
  rate: number,
  seconds: number,
  signal: AbortSignal,
): Promise<Decided> {
  const count = Math.round(rate * seconds);
  const latencies_ms = new Float64Array(count);
  const roots = { redis: findChild('redis-server', 'valkey-server') };
  const before = readUsage(roots);
  const own = process.cpuUsage();
  const began = performance.now();
  let [asked, answered, refused, failed] = [0, 0, 0, 0];
  const note = (due_at: number, i: number, admitted: boolean) => {
    latencies_ms[i] = performance.now() - due_at;
    answered += 1;
    if (!admitted) refused += 1;
  };
  while (answered < count) {
    signal.throwIfAborted();
    const due = Math.min(count, ((performance.now() - began) * rate) / 1_000);
    for (; asked < due; asked += 1) {
      const [i, due_at] = [asked, began + (asked * 1_000) / rate];
      // No promise is kept: eighty thousand of them would be what the collector is busy with.
      void isAdmitted().then(
        (admitted) => note(due_at, i, admitted),
        () => {
          failed += 1;
          note(due_at, i, true);
        },
      );
    }
    await turn();
  }
  const elapsed_ms = performance.now() - began;
  const { user, system } = process.cpuUsage(own);
  const after = readUsage(roots);
  const [own_us, redis_us] = [user + system, after.redis! - before.redis!];
  const elsewhere_us = Math.max(0, after.machine! - before.machine! - own_us - redis_us);
  const sorted = latencies_ms.sort();
  return {
    per_second: (count / elapsed_ms) * 1_000,
    p50_ms: percentile(sorted, 0.5),
    p99_ms: percentile(sorted, 0.99),
    max_ms: sorted.at(-1)!,
    refused_percent: (100 * refused) / count,
    failed_percent: (100 * failed) / count,
    process_us: own_us / count,
    redis_us: redis_us / count,
    elsewhere_percent: elsewhere_us / (elapsed_ms * 10 * availableParallelism()),
  };
}
