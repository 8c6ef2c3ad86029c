/**
 * What waits alone for long is published, so that no other process takes its commands for work that is left undone,
 * counted in the metrics, and named in the log now and then.
 */

import type { Postponed } from '../../src/core/apply/outcome.ts';
import { publishBackoffs } from '../../src/core/apply/streamBackoffs.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';

interface ReportOptions {
  db: Queryable;
  metrics: Metrics;
  log: Log;
}

type Waiting = ReadonlyMap<string, Postponed & { since: number }>;

export function createBackOffReport({ db, metrics, log }: ReportOptions): (waiting: Waiting) => Promise<void> {
  let loggedAt = Number.NEGATIVE_INFINITY;

  function logLong(long: [string, Postponed][]): void {
    const isOver = long.length === 0;
    if (isOver ? loggedAt < 0 : performance.now() - loggedAt < timings.applying.log_every_ms) return;
    loggedAt = isOver ? Number.NEGATIVE_INFINITY : performance.now();
    if (isOver) log.info('no stream waits any more');
    else log.warn({ streams: long.length, stream: long[0]![0], why: long[0]![1].detail }, 'streams wait alone');
  }

  return async (waiting) => {
    const long = [...waiting].filter(([, { since }]) => performance.now() - since > timings.applying.report_every_ms);
    for (const reason of ['locked', 'newer'] as const) {
      metrics.backingOff.set({ reason }, long.filter(([, entry]) => entry.reason === reason).length);
    }
    logLong(long);
    if (long.length === 0) return;
    const backoffs = long.map(([stream, { reason }]) => ({ stream, reason }));
    await publishBackoffs(db, backoffs).catch((err) => log.warn({ err }, 'publishing waiting streams failed'));
  };
}
