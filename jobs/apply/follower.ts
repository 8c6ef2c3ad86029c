/**
 * One thing that follows a commit. All of it is best effort: listeners heal by sequence, waiters by asking, retries and
 * deadlines by the overdue poll.
 */
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { BlobStore } from '../../src/infra/blobs.ts';
import type { Cache } from '../../src/infra/cache/cache.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import type { Telling } from '../notices/noticeOf.ts';

export interface FollowTools {
  queues: Queues;
  /** Never rejects: a lost announcement is counted, and healed by its listeners. */
  publish(channel: string, message: string): Promise<void>;
  /** Of the worker, with no transaction open. */
  db: Queryable;
  blobs: BlobStore;
  cache?: Pick<Cache, 'invalidateUser'> | undefined;
  /** These rooms are read again, as matches, for boards. */
  touchRooms?: ((assignment_ids: Iterable<string>) => void) | undefined;
  /** Hands on what people are told of, behind the commits. */
  tellPeople?: ((tellings: readonly Telling[]) => void) | undefined;
  metrics: Metrics;
  log: Log;
}

/** Begins all that it sends before it returns, so that a Redis that hangs is waited for once. @returns what never rejects */
export type Follower = (decided: Decided, tools: FollowTools) => Promise<void>[];
