/**
 * BullMQ's queues. They ring doorbells and carry jobs; no promise about the record depends on them. The backend is
 * chosen here once, Redis or Postgres, and nobody else asks which it is. Every job names its installation, and a worker
 * leaves alone what another one rang for.
 */

import {
  type ConnectionOptions,
  createPostgresBackend,
  type Job,
  type JobsOptions,
  type PgPool,
  type Processor,
  Queue,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import type pg from 'pg';
import type { Way } from '../../core/definitions/stream.ts';
import { redisPrefix } from '../postgres/installation.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { QUEUE_NAMES, type QueueName } from './queueNames.ts';

/** What one inbox flush accepted: the doorbell's content. */
export interface Doorbell {
  commands: DoorbellEntry[];
}

/** A command as its doorbell names it. */
export interface DoorbellEntry {
  id: string;
  name: string;
  /** Its subject: the first of its streams. */
  stream: string;
  streams: string[];
  request_id: string;
}

export function doorbellEntryFor({ id, name, streams, request_id }: Omit<DoorbellEntry, 'stream'>): DoorbellEntry {
  return { id, name, stream: streams[0]!, streams, request_id };
}

/** Where commands are rung for that go this way, and before which others. */
export function doorbellFor(way: Way): { queue: QueueName; options: JobsOptions } {
  if (way === 'apart') return { queue: 'apart', options: {} };
  // It is answered when none without a priority waits.
  return { queue: 'commands', options: way === 'behind' ? { priority: 1 } : {} };
}

export interface Queues {
  queue(name: QueueName): Queue;
  worker<Job, Result>(
    name: QueueName,
    processor: Processor<Job, Result>,
    options: Partial<WorkerOptions>,
  ): Worker<Job, Result>;
  /** Starts these workers. @throws where the backend must be there and is not; Redis may come later. */
  run(workers: Worker[]): Promise<void>;
  /** Null where there is no connection of the queue's own. */
  isConnected(): boolean | null;
  /** To be awaited at start. @throws where the backend would lose what it is given; one that is away is waited for briefly */
  demandFit(): Promise<void>;
  /** False where the backend came late and would lose what it is given. */
  isFit(): boolean;
  close(): Promise<void>;
}

export interface QueueOptions {
  /** Of the queue's role, with so many connections at most. */
  openPool(max: number): pg.Pool;
  redis: RedisServer | undefined;
  /** Names the keys in Redis, and each job. */
  installation: string;
  onError(error: Error): void;
  log: Pick<Log, 'warn'>;
}

const KEEP = { removeOnComplete: { count: 1_000, age: 3_600 }, removeOnFail: { count: 1_000 } };
/** What a job answered is kept for a day. A doorbell that could not be answered is handed over again, later each time. */
const KEEP_RESULTS = { ...KEEP, removeOnComplete: { count: 10_000, age: 86_400 } };
const AGAIN = { attempts: 4, backoff: { type: 'exponential', delay: timings.queue.again_ms } };
const JOBS = { ...KEEP_RESULTS, ...AGAIN };
const OPTIONS: Partial<Record<QueueName, JobsOptions>> = {
  maintenance: KEEP_RESULTS,
  ml: JOBS,
  ledger: JOBS,
  policy: JOBS,
};
const optionsOf = (name: QueueName) => OPTIONS[name] ?? KEEP;
const WORKER_DEFAULTS = {
  autorun: false,
  lockDuration: timings.queue.lock_ms,
  stalledInterval: timings.queue.stalled_every_ms,
  maxStalledCount: 1_000_000,
  drainDelay: 5,
  runRetryDelay: timings.queue.retry_ms,
};
const OnPostgres = withBackend(createPostgresBackend);
// Each worker keeps a LISTEN client of the pool for itself; the rest serve the queues and the jobs under way.
const POSTGRES_POOL_SIZE = QUEUE_NAMES.length + 5;

export type OpenQueues = (options: QueueOptions) => Queues;

export function openQueues(options: QueueOptions): Queues {
  return options.redis === undefined ? openOnPostgres(options) : openOnRedis(options, options.redis);
}

function openOnRedis(options: QueueOptions, redis: RedisServer): Queues {
  const prefix = `${redisPrefix(options.installation)}bull`;
  // A doorbell that cannot be rung is not waited for: the overdue poll finds the command.
  const producer = redis.open('queues', { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1_000 });
  return assemble(
    { ...options, onError: redis.onError },
    (name) => {
      const queue = new Queue(name, {
        prefix,
        skipVersionCheck: true,
        connection: producer as unknown as ConnectionOptions,
        skipWaitingForReady: true,
        defaultJobOptions: optionsOf(name),
        streams: { events: { maxLen: 1_000 } },
      });
      const [add, addBulk] = [queue.add.bind(queue), queue.addBulk.bind(queue)];
      queue.add = (...job) => redis.ask(() => add(...job));
      queue.addBulk = (jobs) => redis.ask(() => addBulk(jobs));
      return queue;
    },
    (name, processor, workerOptions) => {
      // It blocks, for as long as BullMQ likes: at most ten seconds.
      const connection = redis.open(`${name}-worker`, {
        maxRetriesPerRequest: null,
        socketTimeout: timings.queue.silence_ms,
      });
      // The version is asked for: where it is unknown a worker waits in whole seconds, and so late are delayed jobs.
      return new Worker(name, processor, {
        prefix,
        ...workerOptions,
        connection: connection as unknown as ConnectionOptions,
      });
    },
    async () => {},
    { isConnected: redis.isConnected, demandFit: redis.demandFit, isFit: redis.isFit },
    async () => {},
  );
}

function openOnPostgres(options: QueueOptions): Queues {
  const pool = options.openPool(POSTGRES_POOL_SIZE);
  // Each queue, each worker and what listens for it wait for its errors, and a few of ours.
  pool.setMaxListeners(3 * QUEUE_NAMES.length + 5);
  const connection = pool as unknown as PgPool;
  return assemble(
    options,
    (name) => new OnPostgres.Queue(name, { connection, defaultJobOptions: optionsOf(name) }) as unknown as Queue,
    (name, processor, workerOptions) =>
      new OnPostgres.Worker(name, processor, {
        ...(workerOptions as object),
        connection,
      }) as unknown as Worker,
    // BullMQ remembers a first connection that failed, and would go on failing for ever: here is where it must work.
    async (part) => void (await part.waitUntilReady()),
    { isConnected: () => null, demandFit: async () => {}, isFit: () => true },
    () => pool.end(),
  );
}

function assemble(
  { installation, onError, log }: QueueOptions,
  makeQueue: (name: QueueName) => Queue,
  makeWorker: (name: QueueName, processor: Processor, options: Partial<WorkerOptions>) => Worker,
  untilReady: (part: Queue | Worker) => Promise<void>,
  state: Pick<Queues, 'isConnected' | 'demandFit' | 'isFit'>,
  closeConnections: () => Promise<void>,
): Queues {
  const queues = new Map<QueueName, Queue>();

  function queue(name: QueueName): Queue {
    const known = queues.get(name);
    if (known) return known;
    const made = makeQueue(name);
    made.on('error', onError);
    // Here, so that no caller that adds a job can forget it.
    const [add, addBulk] = [made.add.bind(made), made.addBulk.bind(made)];
    made.add = (job, data, options) => add(job, { ...data, installation }, options);
    made.addBulk = (jobs) => addBulk(jobs.map((job) => ({ ...job, data: { ...job.data, installation } })));
    queues.set(name, made);
    return made;
  }

  function worker(name: QueueName, processor: Processor, options: Partial<WorkerOptions>): Worker {
    const answer: Processor = (job, ...rest) => {
      demandOwn(name, job);
      return processor(job, ...rest);
    };
    const made = makeWorker(name, answer, { ...WORKER_DEFAULTS, ...options });
    made.on('error', onError);
    return made;
  }

  /** It is never tried again. Where it was a doorbell of ours after all, what it rang for is found without it. */
  function demandOwn(queue: QueueName, { id, name, data }: Job): void {
    if (data?.installation === installation) return;
    log.warn({ queue, job_id: id, job: name, of: data?.installation ?? null }, 'a job of another installation is left');
    throw new UnrecoverableError('It is of another installation; nothing was done.');
  }

  async function run(workers: Worker[]): Promise<void> {
    await Promise.all([...workers, ...QUEUE_NAMES.map(queue)].map(untilReady));
    for (const made of workers) void made.run().catch(onError);
  }

  async function close(): Promise<void> {
    await Promise.allSettled([...queues.values()].map((open) => open.close()));
    await closeConnections();
  }

  return { queue, worker, run, ...state, close };
}
