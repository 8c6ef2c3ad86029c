/** Everything that is done to the system. Letters and numbers are those of the crash matrix. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { readInstallation, redisPrefix } from '../src/infra/postgres/installation.ts';
import { type Process, until } from '../test/support/processes.ts';
import type { Blow, Fault } from './blow.ts';
import { BURDENS } from './burdens.ts';
import { CROWDS } from './crowdFaults.ts';
import { alive, killAt } from './killing.ts';
import { LOG_FAULTS } from './logFaults.ts';
import type { Post } from './posts.ts';
import { KINDS, type Kind } from './releaseFiles.ts';
import { SLOWNESS } from './slowness.ts';
import type { Stage } from './stage.ts';
import { STALLS } from './stalls.ts';
import { SURROUNDINGS } from './surroundings.ts';

/** Longer than a job's lock (10 s), and than Postgres lets a transaction be idle. */
const FROZEN_MS = 12_000;
const LEASE_MS = 8_000;

const now = () => performance.now();

function killAtRandom(kind: Kind): Fault {
  return {
    id: `kill-${kind}`,
    what: `kill -9 of ${kind === 'signer' ? 'the signer' : `one ${kind} of two`}`,
    async strike({ fleet }, dice) {
      await sleep(dice.between(0, 300));
      const process = await alive(dice.oneOf(fleet.posts(kind)));
      process.signal('SIGKILL');
      return { struck_ms: now() };
    },
  };
}

function poison(kind: 'throw' | 'hang' | 'exit', what: string): Fault {
  return {
    id: `K12-${kind}`,
    what,
    async strike({ sender, people, sessions, arena }, dice) {
      const session_id = dice.oneOf(sessions);
      const body = { event_type: 'POISON', details: { poison: kind } };
      const { answer } = await sender.deliver({
        client: 'poisoner',
        n: 0,
        session_id,
        verb: 'log',
        body,
        who: people.admin,
        prefer: 'respond-async',
      });
      return {
        struck_ms: now(),
        async look() {
          const { rows } = await arena.pool.query<{ status: string; attempts: number }>(
            'select status, attempts from commands where id = $1',
            [answer?.body.command_id],
          );
          const { status, attempts } = rows[0] ?? {};
          return status === 'dead' && attempts === 3
            ? []
            : [`the poison is ${status} after ${attempts} attempts, not dead after 3`];
        },
      };
    },
  };
}

const flushed: Fault = {
  id: 'K6',
  what: 'FLUSHALL',
  async strike({ arena }, dice) {
    await sleep(dice.between(0, 300));
    await arena.flushRedis();
    return { struck_ms: now() };
  },
};

const redisLost: Fault = {
  id: 'K7',
  what: 'Redis killed, and back empty after up to 3 s',
  async strike({ arena }, dice) {
    const away_ms = dice.between(100, 3_000);
    await arena.redis.kill();
    const struck_ms = now();
    const back = sleep(away_ms).then(() => arena.redis.restart());
    return { struck_ms, mend: () => back };
  },
};

const postgresCrashed: Fault = {
  id: 'K8',
  what: 'Postgres crashed in mid-batch, again as it recovers, and again as we do (counted from its return)',
  async strike({ arena }, dice) {
    await sleep(dice.between(0, 300));
    await arena.crashPostgres([dice.between(5, 150)]);
    await sleep(dice.between(50, 400));
    await arena.crashPostgres([]);
    return { struck_ms: now() };
  },
};

const frozen: Fault = {
  id: 'K9',
  what: 'SIGSTOP of a worker in its transaction for longer than its locks, then SIGCONT',
  strike: ({ fleet }, dice) =>
    freeze(dice.oneOf(fleet.posts('worker')), FROZEN_MS, (worker) =>
      fleet.order(worker, 'in_transaction', dice.between(1, 10), 'SIGSTOP'),
    ),
};

const doorbells: Fault = {
  id: 'K10',
  what: 'doorbells doubled, shuffled, late and about nothing',
  async strike(stage, dice) {
    const { rows } = await stage.arena.pool.query<{ id: string; name: string; stream: string; streams: string[] }>(
      'select id, name, stream, streams from commands order by position desc limit 500',
    );
    const stream = `session:${randomUUID()}`;
    const nothing = { id: randomUUID(), name: 'session.log', stream, streams: [stream] };
    const rung = dice.shuffled([...rows, nothing, ...rows]);
    const struck_ms = now();
    await withQueue(stage, async (queue, installation) => {
      while (rung.length > 0) {
        await queue.add('again', { commands: rung.splice(0, dice.between(1, 40)), installation });
      }
    });
    return { struck_ms };
  },
};

const stopped: Fault = {
  id: 'K11',
  what: 'SIGTERM of one of each, one after the other: clean ends, no job stalls',
  async strike(stage, dice) {
    // What stalled in earlier rounds is forgotten.
    await stage.arena.flushRedis();
    await stage.producers.answered(50);
    const faults: string[] = [];
    for (const kind of dice.shuffled(KINDS)) {
      const process = await alive(dice.oneOf(stage.fleet.posts(kind)));
      process.signal('SIGTERM');
      const { code, signal } = await process.exited;
      if (code !== 0) faults.push(`the ${kind} ended with ${signal ?? code}`);
    }
    return { struck_ms: now(), look: async () => [...faults, ...(await stalledJobs(stage))] };
  },
};

async function stalledJobs(stage: Stage): Promise<string[]> {
  return withQueue(stage, async (queue) => {
    await until('every doorbell is answered', async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0);
    const jobs = await queue.getJobs(['completed', 'failed']);
    const stalled = jobs.filter((job) => job && (job.stalledCounter > 0 || job.attemptsStarted > 1));
    return stalled.map(({ id }) => `job ${id} stalled`);
  });
}

const cut: Fault = {
  id: 'K13',
  what: 'the connection cut during COMMIT, whose answer is lost',
  async strike({ arena }, dice) {
    arena.wire.loseAnswersTo(dice.oneOf(['commit', 'accept-commands']), dice.between(1, 10));
    await until('the answers are lost', () => arena.wire.left() === 0);
    return { struck_ms: now() };
  },
};

const twoLeaders: Fault = {
  id: 'K14',
  what: 'two leaders: the lease is taken from who leads, one scheduler is frozen, and later goes on',
  async strike({ fleet, arena }, dice) {
    const blow = await freeze(dice.oneOf(fleet.posts('scheduler')), LEASE_MS, (scheduler) =>
      scheduler.signal('SIGSTOP'),
    );
    await arena.pool.query('update leases set expires_at = clock_timestamp()');
    return blow;
  },
};

async function freeze(post: Post, for_ms: number, stop: (process: Process) => void): Promise<Blow> {
  const process = await alive(post);
  post.frozen = true;
  stop(process);
  await process.stopped();
  const struck_ms = now();
  return {
    struck_ms,
    async mend() {
      await sleep(Math.max(0, for_ms - (now() - struck_ms)));
      process.signal('SIGCONT');
      post.answeredAt = now();
      post.frozen = false;
    },
  };
}

/** The queue as our processes see it. */
async function withQueue<T>({ arena }: Stage, work: (queue: Queue, installation: string) => Promise<T>): Promise<T> {
  const connection = new Redis(arena.redis.url, { maxRetriesPerRequest: null });
  const { id: installation } = await readInstallation(arena.pool);
  const prefix = `${redisPrefix(installation)}bull`;
  const queue = new Queue('commands', { prefix, connection: connection as unknown as ConnectionOptions });
  try {
    return await work(queue, installation);
  } finally {
    await queue.close();
    connection.disconnect();
  }
}

export const FAULTS: Fault[] = [
  killAt('K1', 'api', 'accepted', 'after the inbox has committed and before it rings'),
  killAt('K2', 'api', 'rung', 'after it has rung'),
  killAt('K3', 'worker', 'in_transaction', 'in the middle of a transaction'),
  killAt('K4', 'worker', 'committed', 'after COMMIT and before it publishes'),
  killAt('K5', 'worker', 'published', 'after it has published and before the job is done'),
  flushed,
  redisLost,
  postgresCrashed,
  frozen,
  doorbells,
  stopped,
  poison('throw', 'a command that throws'),
  poison('hang', 'a command that never returns'),
  poison('exit', 'a command that ends its process'),
  cut,
  twoLeaders,
  ...KINDS.map(killAtRandom),
  ...LOG_FAULTS,
  ...BURDENS,
  ...SURROUNDINGS,
  ...CROWDS,
  ...SLOWNESS,
  ...STALLS,
];
