/** What every process stands on: its settings, its log and metrics, the queues, the broadcast and who is present. */
import type pg from 'pg';
import { type BlobStore, openBlobs } from './blobs.ts';
import type { Broadcast } from './broadcast/broadcast.ts';
import { createInProcessBroadcast } from './broadcast/inProcess.ts';
import { createRedisBroadcast } from './broadcast/redis.ts';
import { blobFolder, type Config } from './config.ts';
import { type DatabaseRole, openPool } from './database.ts';
import { readInstallationId, redisPrefix } from './installation.ts';
import { createLog, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createInProcessPresence } from './presence/inProcess.ts';
import { PRESENCE, type Presence } from './presence/presence.ts';
import { createRedisPresence } from './presence/redis.ts';
import { openQueues, type Queues } from './queue.ts';

export interface Backbone {
  config: Config;
  databaseUrl: string;
  /** The installation's id. */
  installation: string;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  log: Log;
  metrics: Metrics;
  queues: Queues;
  broadcast: Broadcast;
  blobs: BlobStore;
  presence: Presence;
  onError(error: Error): void;
  /** Connections in a role of this installation. @param max at most */
  openPool(role: DatabaseRole, max: number): pg.Pool;
  isRedisConnected(): boolean | null;
  /** The queues, the broadcast and presence; to be called when nobody uses them any more. */
  close(): Promise<void>;
}

/**
 * @param process its name in logs
 * @param role what it asks the database as, where its login is of one role only
 * @throws where the database cannot be asked whose it is
 */
export async function openBackbone(
  config: Config,
  databaseUrl: string,
  process: string,
  role: DatabaseRole = 'worker',
): Promise<Backbone> {
  return assembleBackbone(
    config,
    databaseUrl,
    process,
    await readInstallationId(databaseUrl, role, config.DB_ROLE_PREFIX),
  );
}

/** The same where it is known whose database it is. */
export function assembleBackbone(config: Config, databaseUrl: string, process: string, installation: string): Backbone {
  const log = createLog(config.LOG_LEVEL, process);
  const onError = quietly(log);
  const prefix = redisPrefix(installation);
  const open = (role: DatabaseRole, max: number) => openPool(databaseUrl, role, max, onError, config.DB_ROLE_PREFIX);
  const queues = openQueues({
    openPool: (max) => open('queue', max),
    redisUrl: config.REDIS_URL,
    installation,
    onError,
    log,
  });
  const broadcast =
    config.REDIS_URL === undefined
      ? createInProcessBroadcast()
      : createRedisBroadcast(config.REDIS_URL, prefix, onError);
  const presence =
    config.REDIS_URL === undefined
      ? createInProcessPresence(PRESENCE)
      : createRedisPresence(config.REDIS_URL, prefix, PRESENCE, onError);
  return {
    config,
    databaseUrl,
    installation,
    prefix,
    log,
    metrics: createMetrics(),
    queues,
    broadcast,
    blobs: openBlobs(blobFolder(config)),
    presence,
    onError,
    openPool: open,
    isRedisConnected: () => (config.REDIS_URL === undefined ? null : broadcast.isConnected()),
    async close() {
      await queues.close();
      await presence.close();
      await broadcast.close();
    },
  };
}

/** A server that is away says so at every attempt; once every few seconds is enough. */
function quietly(log: Log): (error: Error) => void {
  let last = '';
  let at = 0;
  return (error) => {
    const now = Date.now();
    if (error.message === last && now - at < 5_000) return;
    last = error.message;
    at = now;
    // Only what it says: the error of a pool carries its whole client along.
    const { message, code } = error as NodeJS.ErrnoException;
    log.warn({ err: { message, code } }, 'a connection is in trouble');
  };
}
