/** The worker as a part: it answers doorbells, drains the inbox and runs the jobs that somebody asked for. */
import type { Worker } from 'bullmq';
import { book } from '../src/commands.ts';
import type { Queryable } from '../src/core/queryable.ts';
import type { Backbone } from '../src/infra/backbone.ts';
import { openPool } from '../src/infra/database.ts';
import { type CrashPoint, createApplier } from './applyCommands.ts';
import { verifyRecordJob } from './verifyRecord.ts';

export interface Running {
  db: Queryable;
  close(): Promise<void>;
}

const DOORBELLS_AT_ONCE = 32;
const POOL_SIZE = 6;
const VERIFIER_POOL_SIZE = 2;
const CLOSE_WITHIN_MS = 10_000;

/** @param reach is told of the moments at which a test may end the process */
export async function startWorker(backbone: Backbone, reach?: (point: CrashPoint) => void): Promise<Running> {
  const { queues, broadcast, metrics, log, onError, databaseUrl } = backbone;
  const pool = openPool(databaseUrl, 'worker', POOL_SIZE, onError);
  const verifierPool = openPool(databaseUrl, 'verifier', VERIFIER_POOL_SIZE, onError);
  const applier = createApplier({ pool, book, queues, broadcast, metrics, log, ...(reach && { reach }) });
  const doorbells = queues.worker('commands', applier.answer, { concurrency: DOORBELLS_AT_ONCE });
  const integrity = queues.worker('integrity', verifyRecordJob(verifierPool), { concurrency: 1 });
  await queues.run([doorbells, integrity] as Worker[]);
  applier.start();

  async function close(): Promise<void> {
    const workers = Promise.all([doorbells.close(), integrity.close()]);
    // While Redis is away BullMQ would wait for it; what is under way is the applier's to finish.
    const within = queues.isConnected() === false ? 0 : CLOSE_WITHIN_MS;
    await Promise.race([workers, new Promise((resolve) => setTimeout(resolve, within).unref())]);
    await applier.close();
    await Promise.all([pool.end(), verifierPool.end()]);
  }

  return { db: pool as unknown as Queryable, close };
}
