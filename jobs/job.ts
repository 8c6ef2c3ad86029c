/**
 * What a timed job is: a file of its own that finds what is due and does it, in batches and within a time. It may run
 * twice, or be cut off and run again. It changes domain rows only by sending commands, as everybody does.
 */
import type pg from 'pg';
import type { z } from 'zod';
import type { JsonObject } from '../src/core/definitions/event.ts';
import type { BlobStore } from '../src/infra/blobs.ts';
import type { Broadcast } from '../src/infra/broadcast/broadcast.ts';
import type { Cache } from '../src/infra/cache/cache.ts';
import type { ObserverLeases } from '../src/infra/presence/observers.ts';
import type { Queues } from '../src/infra/queue/queue.ts';
import type { Log } from '../src/infra/telemetry/log.ts';
import type { Metrics } from '../src/infra/telemetry/metrics.ts';
import type { Anchor } from '../src/integrity/runs/verifyRun.ts';

export interface SystemOrder {
  name: string;
  input: JsonObject;
  /** Of idempotency. */
  key: string;
  /** Of the command's first stream: where it has moved on, nothing is changed. */
  expected_sequence?: number;
}

/** What a run has at hand. */
export interface JobTools {
  /** Role `worker`. */
  pool: pg.Pool;
  /** Role `verifier`: may read everything. */
  verifierPool: pg.Pool;
  queues: Queues;
  broadcast: Broadcast;
  observers: ObserverLeases;
  blobs: BlobStore;
  cache: Cache;
  metrics: Metrics;
  log: Log;
  /** What the signer signed last, by its own state; undefined where that is not on this host. */
  signedLast?(): Promise<Anchor | undefined>;
  /** Signs a report with the head key; undefined where that is not on this host. */
  sign?(text: string): Promise<string | undefined>;
  /** How long what is said in galleries is kept. */
  gallery_retention_ms: number;
  /** When the tick was due, and the same for every run of it. RFC 3339. For a run by hand: now. */
  slot: string;
  /** What was asked for, as the job's own schema has it; empty for a tick. */
  input: JsonObject;
  /** Accepts a command of the system itself, under an idempotency key so that a second run sends nothing twice. */
  send(order: SystemOrder): Promise<void>;
  /** Shown in the dashboard and in the log. */
  progress(done: number, of?: number): Promise<void>;
  /** True when the run's time is over or the process is to stop: no batch is begun after that. */
  isOver(): boolean;
}

export interface TimedJob {
  /** `verb.noun`, as in `prune.commands`; where documents of others name the task, as they do: `cleanup_cache`. */
  name: string;
  /** By this name the versions before called it; ticks that they fired are run too. */
  formerly?: string;
  /** What it may be told where it is run by hand; a tick tells it nothing. */
  input?: z.ZodType<JsonObject>;
  /** One sentence for the operator. */
  summary: string;
  /** After so long it begins no further batch. */
  most_ms: number;
  /**
   * @returns what it did, for the ledger, the dashboard and the log: small, counts rather than rows; `{ skipped }` says why it
   *   did nothing where it lacks what it needs
   */
  run(tools: JobTools): Promise<JsonObject>;
}

export function defineJob(job: TimedJob): TimedJob {
  return job;
}
