/**
 * The peer as it is commonly built with BullMQ: the API stores a command, adds a job for it and waits for the job to
 * finish by its queue events; a worker process runs one transaction for each job. The API is run with the argument
 * `api`, the worker with `worker`.
 */
import { createServer } from 'node:http';
import { type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Acceptance, acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { bareApp } from '../../src/http/bareApp.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import type { Config } from '../../src/infra/process/config.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import { runProcess, type Started } from '../../src/infra/process/runProcess.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { openDoor } from './door.ts';
import { createJudge, eventValues, type LogCommand, parameters, storeEvent, type Verdict } from './record.ts';

const QUEUE = 'commands';
const JOBS_AT_ONCE = 32;
const POOL_SIZE = Number(process.env.BENCH_POOL ?? 32);
const WAIT_MS = 30_000;
const KEEP = { removeOnComplete: { count: 1_000, age: 3_600 }, removeOnFail: { count: 1_000 } };

const [ID, STATUS, FINISHED_AT, OUTCOME] = parameters(1, 4);
const SETTLE_COMMAND = `
  update commands set status = ${STATUS}, attempts = 1, finished_at = ${FINISHED_AT}, outcome = ${OUTCOME}
  where id = ${ID} and status = 'accepted'`;
const SETTLE_APPLIED = { name: 'settle-applied', text: `with ${storeEvent(5)} ${SETTLE_COMMAND}` };
const SETTLE_REJECTED = { name: 'settle-rejected', text: SETTLE_COMMAND };

type Settled = Omit<Verdict, 'event'>;

async function startApi(config: Config): Promise<Started> {
  const pool = openPool(config.DATABASE_URL!, 'door', POOL_SIZE, () => {});
  const connection = new Redis(config.REDIS_URL!);
  const queue = new Queue<LogCommand, Settled>(QUEUE, { connection: connection as never, defaultJobOptions: KEEP });
  const listening = new Redis(config.REDIS_URL!, { maxRetriesPerRequest: null });
  const events = new QueueEvents(QUEUE, { connection: listening as never });
  for (const emitter of [queue, events]) emitter.setMaxListeners(0);
  await events.waitUntilReady();

  async function accept(submission: Submission): Promise<Acceptance> {
    const [acceptance] = await acceptCommands(pool, [submission]);
    if ('reused' in acceptance! || acceptance!.joined) return acceptance!;
    const { id, name, streams, input, actor, expected_sequence } = submission;
    const job = await queue.add(name, { id, streams, input, actor, expected_sequence }, { jobId: id });
    const settled = (await job.waitUntilFinished(events, WAIT_MS)) as Settled;
    return { state: { ...acceptance!.state, attempts: 1, ...settled }, joined: false };
  }

  async function close(): Promise<void> {
    await events.close();
    await queue.close();
    for (const redis of [connection, listening]) redis.disconnect();
  }

  return openDoor(config, { pool, accept, close });
}

async function startWorker(config: Config): Promise<Started> {
  const pool = openPool(config.DATABASE_URL!, 'worker', POOL_SIZE, () => {});
  const judge = createJudge();

  async function apply({ data }: Job<LogCommand>): Promise<Settled> {
    const client = await pool.connect();
    let broken = true;
    try {
      const begun = client.query('begin');
      const [verdict] = await Promise.all([judge(client, data), begun]);
      const { event, ...settled } = verdict;
      const values = [data.id, settled.status, settled.finished_at, settled.outcome];
      const stored = event
        ? client.query({ ...SETTLE_APPLIED, values: [...values, ...eventValues(event)] })
        : client.query({ ...SETTLE_REJECTED, values });
      await Promise.all([stored, client.query('commit')]);
      broken = false;
      return settled;
    } finally {
      client.release(broken);
    }
  }

  const connection = new Redis(config.REDIS_URL!, { maxRetriesPerRequest: null });
  const worker = new Worker<LogCommand, Settled>(QUEUE, apply, {
    connection: connection as never,
    concurrency: JOBS_AT_ONCE,
  });
  await worker.waitUntilReady();
  const ready = createServer(bareApp(config).get('/ready', (_req, res) => void res.json({ ready: true })));
  await listen(ready, config.HOST, config.METRICS_PORT, 0);
  return {
    log: createLog(config.LOG_LEVEL, 'naive-worker'),
    steps: [
      { name: 'worker', run: () => worker.close() },
      { name: 'redis', run: () => connection.disconnect() },
      { name: 'ready', run: () => closeServer(ready) },
      { name: 'pool', run: () => pool.end() },
    ],
  };
}

await runProcess({ role: 'door', verifiesTokens: true }, process.argv[2] === 'worker' ? startWorker : startApi);
