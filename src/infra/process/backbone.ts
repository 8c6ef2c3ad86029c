/** What every process stands on: its settings, log and metrics, the queues, the broadcast, presence and resume tickets. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type BlobStore, openBlobs } from '../blobs.ts';
import type { Broadcast } from '../broadcast/broadcast.ts';
import { createInProcessBroadcast } from '../broadcast/inProcess.ts';
import { createRedisBroadcast } from '../broadcast/redis.ts';
import type { Cache } from '../cache/cache.ts';
import { openOwnCache } from '../cache/openOwnCache.ts';
import { DEMAND, type Demand } from '../feeds/demand.ts';
import { createInProcessDemand } from '../feeds/inProcessDemand.ts';
import { createInProcessMatches } from '../feeds/inProcessMatches.ts';
import { createMatchFanout, type MatchFanout } from '../feeds/matchFanout.ts';
import { createRedisDemand } from '../feeds/redisDemand.ts';
import { createRedisMatches } from '../feeds/redisMatches.ts';
import { type DatabaseRole, openPool } from '../postgres/database.ts';
import { createHeartbeat, type Heartbeat } from '../postgres/heartbeat.ts';
import { readInstallationId, redisPrefix } from '../postgres/installation.ts';
import { createInProcessPresence } from '../presence/inProcess.ts';
import { createInProcessObservers } from '../presence/inProcessObservers.ts';
import { OBSERVERS, type ObserverLeases } from '../presence/observers.ts';
import { PRESENCE, type Presence } from '../presence/presence.ts';
import { createRedisPresence } from '../presence/redis.ts';
import { createRedisObservers } from '../presence/redisObservers.ts';
import type { OpenQueues, Queues } from '../queue/queue.ts';
import { openRedis, RedisAwayError, type RedisServer } from '../redis/redis.ts';
import { redisPlaces } from '../redis/redisUrl.ts';
import { createInProcessReports } from '../reports/inProcess.ts';
import { createRedisReports } from '../reports/redis.ts';
import { REPORT_LEASE_MS, type Reports } from '../reports/reports.ts';
import { createInProcessResumption } from '../resumption/inProcess.ts';
import { createRedisResumption } from '../resumption/redis.ts';
import { RESUMPTION, type Resumption } from '../resumption/resumption.ts';
import { type Absence, createAbsence, postgresPlace } from '../telemetry/absence.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { blobFolder, type Config, redisAccess } from './config.ts';

export interface Backbone {
  config: Config;
  databaseUrl: string;
  /** The installation's id. */
  installation: string;
  /** Of this process, new at each start. */
  boot: string;
  /** Which process of ours this is, as logs and clients name it. */
  process: string;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  log: Log;
  metrics: Metrics;
  /** What is said of Postgres in the log. */
  postgres: Absence;
  /** The queue's, the broadcast's and presence's; undefined in embedded mode. */
  redis: RedisServer | undefined;
  queues: Queues;
  broadcast: Broadcast;
  blobs: BlobStore;
  presence: Presence;
  /** Which observations have a socket, or had one lately. */
  observers: ObserverLeases;
  /** What relays say of themselves. */
  reports: Reports;
  /** Which resume tickets are good. */
  resumption: Resumption;
  /** What may be forgotten at any moment. */
  cache: Cache;
  /** Tells boards of matches. */
  fanout: MatchFanout;
  /** By how many boards each match is followed. */
  demand: Demand;
  /** Which processes are alive, and that this is one of them. */
  heartbeat: Heartbeat;
  onError(error: Error): void;
  /** Connections in a role of this installation. @param max at most. @param wait_ms for one of them, at most */
  openPool(role: DatabaseRole, max: number, wait_ms?: number): pg.Pool;
  isRedisConnected(): boolean | null;
  /** The queues, the broadcast, presence and resume tickets; to be called when nobody uses them any more. */
  close(): Promise<void>;
}

/**
 * @param process its name in logs
 * @param privateNames of fields that logs omit
 * @param role what it asks the database as, where its login is of one role only
 * @throws where the database cannot be asked whose it is
 */
export async function openBackbone(
  config: Config,
  databaseUrl: string,
  process: string,
  privateNames: readonly string[],
  role: DatabaseRole = 'worker',
): Promise<Backbone> {
  // A relay sends no command and does no job; BullMQ is a fifth of what the others load.
  const { openQueues } = await (role === 'relay' ? import('../queue/noQueues.ts') : import('../queue/queue.ts'));
  const installation = await readInstallationId(databaseUrl, role, config.DB_ROLE_PREFIX);
  return assembleBackbone(config, databaseUrl, process, privateNames, installation, openQueues);
}

/** The same where it is known whose database it is. */
export function assembleBackbone(
  config: Config,
  databaseUrl: string,
  process: string,
  privateNames: readonly string[],
  installation: string,
  openQueues: OpenQueues,
): Backbone {
  const { REDIS_URL, REDIS_CACHE_URL } = config;
  const log = createLog(config.LOG_LEVEL, process, {
    places: [postgresPlace(databaseUrl), ...[REDIS_URL, REDIS_CACHE_URL].flatMap(redisPlaces)],
    privateNames,
  });
  const inTrouble = (store: 'postgres' | 'redis') => (error: Error) => {
    // Only what it says: the error of a pool carries its whole client along.
    const { message, code } = error as NodeJS.ErrnoException;
    const level = error instanceof RedisAwayError ? 'debug' : 'warn';
    log[level]({ store, err: { message, code } }, 'a connection is in trouble');
  };
  const onError = inTrouble(REDIS_URL === undefined ? 'postgres' : 'redis');
  const prefix = redisPrefix(installation);
  const open = (role: DatabaseRole, max: number, wait_ms?: number) =>
    openPool(databaseUrl, role, max, inTrouble('postgres'), config.DB_ROLE_PREFIX, wait_ms);
  const access = redisAccess(config);
  const redis = REDIS_URL === undefined ? undefined : openRedis({ url: REDIS_URL, access, process, prefix, log });
  const queues = openQueues({ openPool: (max) => open('queue', max), redis, installation, onError, log });
  const broadcast = redis ? createRedisBroadcast(redis, prefix) : createInProcessBroadcast();
  const presence = redis ? createRedisPresence(redis, prefix, PRESENCE) : createInProcessPresence(PRESENCE);
  const observers = redis ? createRedisObservers(redis, prefix, OBSERVERS) : createInProcessObservers(OBSERVERS);
  const reports = redis ? createRedisReports(redis, prefix, REPORT_LEASE_MS) : createInProcessReports(REPORT_LEASE_MS);
  const resumption = redis ? createRedisResumption(redis, prefix, RESUMPTION) : createInProcessResumption(RESUMPTION);
  const demand = redis ? createRedisDemand(redis, prefix, DEMAND) : createInProcessDemand(DEMAND);
  const metrics = createMetrics();
  const store = redis ? createRedisMatches(redis, prefix) : createInProcessMatches();
  const fanout = createMatchFanout({ store, broadcast, metrics, log });
  const forCache = REDIS_CACHE_URL === undefined ? undefined : { url: REDIS_CACHE_URL, access, process, prefix, log };
  const cache = openOwnCache({ own: forCache, redis, prefix, metrics, log });
  const heartbeat = createHeartbeat((role) => open(role, 1), log);
  return {
    config,
    databaseUrl,
    boot: randomUUID(),
    process,
    installation,
    prefix,
    log,
    metrics,
    postgres: createAbsence(`Postgres ${postgresPlace(databaseUrl)}`, log),
    redis,
    queues,
    broadcast,
    blobs: openBlobs(blobFolder(config)),
    presence,
    observers,
    reports,
    resumption,
    cache,
    fanout,
    demand,
    heartbeat,
    onError,
    openPool: open,
    isRedisConnected: () => redis?.isConnected() ?? null,
    async close() {
      await queues.close();
      await presence.close();
      await observers.close();
      await reports.close();
      await resumption.close();
      cache.close();
      fanout.close();
      demand.close();
      await broadcast.close();
      redis?.close();
      await heartbeat.close();
    },
  };
}
