/** What the run stands on: a Postgres and a Redis of its own that can be struck, and the wire between us and Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { findChild } from '../bench/usage.ts';
import { migrate } from '../migrations/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { until } from '../test/support/processes.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { startCluster, type TestCluster } from '../test/support/redisGroups.ts';
import { openWire, type Wire } from '../test/support/wire.ts';

export interface Arena {
  /** A folder for this run alone. */
  folder: string;
  /** Superuser, by way of the wire: the same for as long as the run lasts. */
  url: string;
  /** The same without the wire, for as long as Postgres is not crashed. */
  directUrl: string;
  pool: pg.Pool;
  wire: Wire;
  /** What lies between the relays and these, and between nobody else. */
  relayWires: { postgres: Wire; redis: Wire };
  /** In a Cluster its first node. */
  redis: TestRedis;
  /** As it is named to our processes. */
  redisUrl: string;
  cluster: TestCluster | undefined;
  flushRedis(): Promise<void>;
  /**
   * SIGQUIT to the postmaster, which is an immediate shutdown: every backend ends as it is. Then it starts again and
   * is struck so many more times, `delays_ms` after it was launched: while it recovers.
   */
  crashPostgres(delays_ms: number[]): Promise<void>;
  stop(): Promise<void>;
}

const SETTINGS = { max_connections: '200', shared_buffers: '128MB' };

export interface ArenaOptions {
  /** Makes the tables; as this version does, unless told. */
  migrate?: (url: string) => Promise<void>;
  /** Three masters with a replica each, in place of one Redis. Relays have no wire to it. */
  isCluster?: boolean;
}

export async function openArena({ migrate: make = migrate, isCluster = false }: ArenaOptions = {}): Promise<Arena> {
  // First: what fails here leaves no Postgres behind.
  const cluster = isCluster ? await startPairs() : undefined;
  const redis = cluster?.nodes[0] ?? (await startRedis());
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-chaos-'));
  const started: EmbeddedPostgres[] = [];
  const start = async () => {
    const postgres = await startEmbeddedPostgres({ home: folder, say: () => {}, settings: SETTINGS });
    started.push(postgres);
    return postgres;
  };
  const postgres = await start();
  await make(postgres.url);
  const wire = await openWire(postgres.url);
  const url = wire.urlOf(postgres.url);
  const relayWires = { postgres: await openWire(url), redis: await openWire(redis.url) };
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});

  async function crashPostgres(delays_ms: number[]): Promise<void> {
    await quit(0);
    for (const delay_ms of delays_ms) {
      const starting = start().catch(() => undefined);
      await quit(delay_ms);
      await starting;
    }
    wire.leadTo((await start()).url);
  }

  /** @param delay_ms counted from when there is a postmaster; one that ended by itself meanwhile is followed by another */
  async function quit(delay_ms: number): Promise<void> {
    const pid = await until('there is a postmaster', findPostmaster);
    await sleep(delay_ms);
    if (findPostmaster() !== pid) return quit(delay_ms);
    process.kill(pid, 'SIGQUIT');
    await until('it is gone', () => findPostmaster() !== pid);
  }

  return {
    folder,
    url,
    directUrl: postgres.url,
    pool,
    wire,
    relayWires,
    redis,
    redisUrl: cluster?.url ?? redis.url,
    cluster,
    async flushRedis() {
      const client = new Redis(redis.url);
      await client.flushall().finally(() => client.disconnect());
    },
    crashPostgres,
    async stop() {
      await pool.end();
      for (const one of [relayWires.postgres, relayWires.redis, wire]) await one.stop();
      await (cluster ?? redis).stop();
      for (const one of started) await one.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startPairs(): Promise<TestCluster> {
  const cluster = await startCluster();
  for (const master of [...cluster.nodes]) await cluster.addReplica(master);
  return cluster;
}

function findPostmaster(): number | undefined {
  try {
    return findChild('postgres');
  } catch {
    return undefined;
  }
}
