/**
 * One transaction over some streams, with all that follows its commit. While the database does not answer it is tried
 * again, for as long as that takes: a lost connection says nothing against a command.
 */

import { SpanKind } from '@opentelemetry/api';
import type pg from 'pg';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { execute, type PassOptions, record } from '../../src/core/apply/execute.ts';
import { createSnapshots } from '../../src/core/apply/stateSnapshots.ts';
import { createStates } from '../../src/core/apply/streamStates.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { BlobStore } from '../../src/infra/blobs.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import type { Cache } from '../../src/infra/cache/cache.ts';
import { noteErasures } from '../../src/infra/erasuresFile.ts';
import { inTransaction, isConnectionFault, isTransientFault } from '../../src/infra/postgres/database.ts';
import type { Watch } from '../../src/infra/process/watchdog.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { linksTo, tracer, within } from '../../src/infra/telemetry/tracing.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Telling } from '../notices/noticeOf.ts';
import { followCommit } from './afterCommit.ts';

/** Moments at which a test may end the process. */
export type CrashPoint = 'before_transaction' | 'in_transaction' | 'after_commit' | 'after_publish';

export interface ApplierOptions {
  pool: pg.Pool;
  catalog: Catalog;
  queues: Queues;
  broadcast: Broadcast;
  blobs: BlobStore;
  metrics: Metrics;
  log: Log;
  /** Told which rooms' matches a commit concerned. */
  touchRooms?(assignment_ids: Iterable<string>): void;
  /** Told of what people are told of. */
  tellPeople?(tellings: readonly Telling[]): void;
  /** What is cached of those whose tokens end. */
  cache?: Pick<Cache, 'invalidateUser'>;
  /** Where erasures are written down before they are committed. */
  erasuresFile: string;
  /** With which snapshots of states are sealed. */
  openStateKey(): Promise<Buffer>;
  /** Told which command is being decided. */
  watch?: Watch;
  reach?(point: CrashPoint): void;
}

export interface Attempts {
  /** @throws a fault of the statements; one of the connection only when closing */
  attempt(options: PassOptions): Promise<Decided>;
  /** Any other transaction of the applier, with the same patience. */
  transact<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
  /** Does `work`, which may be done twice, until the database answers. */
  persistently<T>(work: () => Promise<T>): Promise<T>;
}

// A locked stream is not waited for at all. This is for the rows that its commands write besides:
// long enough for a server that is busy, and short enough for the neighbours in the same transaction.
const BEGIN = `begin; set local lock_timeout = ${timings.applying.lock_ms}; set local plan_cache_mode = force_generic_plan`;

export function createAttempts(options: ApplierOptions, isClosing: () => boolean): Attempts {
  const {
    pool,
    catalog,
    queues,
    broadcast,
    blobs,
    metrics,
    log,
    erasuresFile,
    openStateKey,
    watch,
    reach,
    touchRooms,
    tellPeople,
    cache,
  } = options;
  const states = createStates(catalog, {
    snapshots: createSnapshots({
      openKey: openStateKey,
      onForged: (stream) => log.error({ stream }, 'snapshot of a state has no seal of ours; it is folded anew'),
    }),
    onFolded: (from) => metrics.statesFolded.inc({ from }),
  });

  async function attempt(options: PassOptions): Promise<Decided> {
    const span = tracer.startSpan('apply', { kind: SpanKind.CONSUMER });
    return within(span, async () => {
      const decided = await commitAndAnnounce(options);
      if (span.isRecording()) {
        span.addLinks(linksTo(decided.outcomes.map(({ traceparent }) => traceparent)));
        span.setAttribute('plearoll.outcomes', decided.outcomes.length);
      }
      return decided;
    });
  }

  async function commitAndAnnounce(options: PassOptions): Promise<Decided> {
    const started = performance.now();
    const decided = await persistently(() => {
      reach?.('before_transaction');
      const decide = async (db: Queryable) => {
        const decided = await execute(db, catalog, states, { ...options, watch });
        await noteErasures(erasuresFile, decided.erasing);
        reach?.('in_transaction');
        return decided;
      };
      return inTransaction(pool, decide, { begin: BEGIN, last: record });
    });
    reach?.('after_commit');
    metrics.transactionSeconds.observe((performance.now() - started) / 1_000);
    metrics.batchSize.observe(decided.outcomes.length);
    states.keep(decided);
    const telling = { touchRooms, tellPeople, cache };
    await followCommit(decided, { db: pool, queues, broadcast, blobs, metrics, log, ...telling });
    reach?.('after_publish');
    return decided;
  }

  function transact<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return persistently(() => inTransaction(pool, work, { begin: BEGIN }));
  }

  async function persistently<T>(work: () => Promise<T>): Promise<T> {
    const { first_ms, most_ms } = timings.applying.retry;
    for (let wait = first_ms; ; wait = Math.min(wait * 2, most_ms)) {
      try {
        return await work();
      } catch (fault) {
        if (isClosing() || !isConnectionLost(fault)) throw fault;
        log.warn({ err: fault }, 'database did not answer; trying again');
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  return { attempt, transact, persistently };
}

/** An idle transaction that was ended is a lost connection: this process stood still. */
export function isConnectionLost(fault: unknown): boolean {
  return isConnectionFault(fault) || (fault as { code?: string }).code === '25P03';
}

/** Something of the work is locked, or took too long: that is true of it for a while, and says nothing against a command. */
export function isLockFault(fault: unknown): boolean {
  return isTransientFault(fault) && !isConnectionLost(fault);
}
