/**
 * Streams that wait alone: another transaction has them locked, or they hold what only a newer version knows. Each is
 * tried again after a wait that doubles, beside everything else, and is withheld from all other passes meanwhile.
 */

import type { Postponed } from '../../src/core/apply/outcome.ts';
import { createBatcher } from '../../src/core/batcher.ts';
import { addWork, type Work } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import { createBackOffReport } from './backOffReport.ts';

export interface BackOff {
  /** What is left of the work without the streams that wait; they are tried again by themselves. */
  withhold(work: Work): Work;
  add(postponed: ReadonlyMap<string, Postponed>): void;
  close(): Promise<void>;
}

interface Waiting extends Postponed {
  since: number;
  tries: number;
  timer: NodeJS.Timeout | undefined;
  /** Commands came while it was being tried. */
  hasMore: boolean;
}

interface BackOffOptions {
  /** Tries streams again, beside everything else. @returns those that could not be worked on once more */
  retry(work: Work): Promise<ReadonlyMap<string, Postponed>>;
  /** Is the stream none of the court's? Those are tried again in tries of their own. */
  isApart(subject: string): boolean;
  db: Queryable;
  metrics: Metrics;
  log: Log;
}

/** More are not remembered: each overdue poll finds them again. */
const MOST_STREAMS = 1_000;
const RETRY_BATCH = 64;

export function createBackOff({ retry, isApart, db, metrics, log }: BackOffOptions): BackOff {
  const waiting = new Map<string, Waiting>();
  const openLane = () => createBatcher<string, null>(RETRY_BATCH, tryAgain, () => true, queueMicrotask);
  // A lock that is met only by waiting for it must not delay those that are free again after some milliseconds, and what
  // is apart from the court delays none of the court's.
  const lanes = { quick: openLane(), slow: openLane(), apart: openLane() };
  let closed = false;
  const report = createBackOffReport({ db, metrics, log });
  const reporting = setInterval(() => void report(waiting), timings.applying.report_every_ms).unref();

  function withhold(work: Work): Work {
    if (waiting.size === 0) return work;
    const free = new Map<string, readonly string[]>();
    for (const [subject, streams] of work) {
      const known = waiting.get(subject);
      if (!known) free.set(subject, streams);
      else {
        known.hasMore = true;
        addStreams(known, streams);
      }
    }
    return free;
  }

  function add(postponed: ReadonlyMap<string, Postponed>): void {
    for (const [subject, one] of postponed) {
      const known = waiting.get(subject);
      if (known?.timer || (!known && waiting.size >= MOST_STREAMS) || closed) continue;
      const entry = known ?? { ...one, since: performance.now(), tries: 0, timer: undefined, hasMore: false };
      const { reason, detail, isSlow = false, streams, first: next = entry.first } = one;
      // Another worker got on with it: the stream is not stuck, and is free again soon.
      if (next !== entry.first) Object.assign(entry, { first: next, since: performance.now(), tries: 0 });
      Object.assign(entry, { reason, detail, isSlow });
      addStreams(entry, streams);
      const { first_ms, most_ms } = timings.applying[reason];
      const wait = Math.min(most_ms, first_ms * 2 ** entry.tries) * (0.5 + Math.random() / 2);
      entry.tries += 1;
      const lane = lanes[isApart(subject) ? 'apart' : isSlow ? 'slow' : 'quick'];
      entry.timer = setTimeout(() => void lane.push(subject), wait);
      waiting.set(subject, entry);
    }
  }

  async function tryAgain(subjects: string[]): Promise<null[]> {
    const entries = subjects.map((subject) => [subject, waiting.get(subject)!] as const);
    for (const [, entry] of entries) Object.assign(entry, { timer: undefined, hasMore: false });
    let left: ReadonlyMap<string, Postponed> = new Map(entries);
    try {
      left = await retry(new Map(entries.map(([subject, { streams }]) => [subject, [...streams]])));
    } catch (err) {
      if (!closed) log.warn({ err }, 'retrying streams failed');
    }
    const more = new Map(entries.filter(([subject, { hasMore }]) => hasMore && !left.has(subject)));
    for (const subject of subjects) if (!left.has(subject)) waiting.delete(subject);
    add(left);
    // What was withheld meanwhile, and may have come too late for that pass.
    add(more);
    return subjects.map(() => null);
  }

  async function close(): Promise<void> {
    closed = true;
    clearInterval(reporting);
    for (const { timer } of waiting.values()) clearTimeout(timer);
    await Promise.all(Object.values(lanes).map((lane) => lane.idle()));
  }

  return { withhold, add, close };
}

function addStreams(entry: Waiting, streams: readonly string[]): void {
  const merged = new Map([[entry.streams[0]!, entry.streams]]);
  addWork(merged, streams);
  [entry.streams] = [...merged.values()] as [string[]];
}
