/** The API as a part: the application and what it needs, ready to be put behind an HTTP server. */
import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import { createScopes } from '../access/demandScope.ts';
import { createScopeCache } from '../access/scopeCache.ts';
import type { IssueTicket } from '../core/definitions/command.ts';
import { idOf } from '../core/definitions/stream.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { startBacklogWatch } from '../infra/backlog/backlogWatch.ts';
import { listenForScopeChanges } from '../infra/broadcast/scopeChanges.ts';
import { createLimiter } from '../infra/limiter/createLimiter.ts';
import { LOOKS_POOL_SIZE } from '../infra/postgres/boundedRead.ts';
import { readInstallation } from '../infra/postgres/installation.ts';
import type { Backbone } from '../infra/process/backbone.ts';
import { readVersion } from '../infra/process/version.ts';
import { openRedis, type RedisServer } from '../infra/redis/redis.ts';
import { type Probe, startProbe } from '../infra/telemetry/probe.ts';
import { createTokens, type Tokens } from '../infra/tokens.ts';
import { tables } from '../tables.ts';
import { createApp } from './app.ts';
import { createAcceptor } from './commands/acceptance.ts';
import { listenForOutcomes } from './commands/outcomes.ts';
import { createWaits } from './commands/waits.ts';
import { createShares, shareOut } from './door/shares.ts';
import { createSharing } from './operations/sharing.ts';
import { createVerifyRuns } from './operations/verifyRuns.ts';
import { createReading } from './queries/scopedReads.ts';

export interface Api {
  app: Express;
  db: Queryable;
  probe: Probe;
  tokens: Tokens;
  /** To be called first when stopping: nobody is sent here any more, and who waits for an outcome soon gets an answer. */
  drain(): void;
  /** To be called when the server has answered its last request. */
  close(): Promise<void>;
}

const DOOR_POOL_SIZE = 5;
const READING_POOL_SIZE = 6;
const VERIFIER_POOL_SIZE = 2;
/** Of one person. */
const UPLOADS_PER_MINUTE = 5;
const UPLOADS_AT_ONCE = { total: 64, perInstitution: 32, perUser: 5, maxWaiting: 0, waitAtMost_ms: 0 };
const HASHED_AT_ONCE = 4;

export async function startApi(
  backbone: Backbone,
  secret: string | undefined,
  connections: () => number,
): Promise<Api> {
  const { config, postgres, redis, queues, broadcast, heartbeat, metrics, log, isRedisConnected, blobs } = backbone;
  await queues.demandFit();
  const limitsRedis = openCache(backbone);
  await limitsRedis?.demandFit();
  const door = backbone.openPool('door', DOOR_POOL_SIZE);
  const pool = backbone.openPool('api', READING_POOL_SIZE);
  const verifierPool = backbone.openPool('verifier', VERIFIER_POOL_SIZE);
  const looks = backbone.openPool('door', LOOKS_POOL_SIZE);
  const reading = createReading(pool, verifierPool);
  const db = door as unknown as Queryable;
  const { id, ticket_secret } = await readInstallation(db);
  await claimFiles(backbone, id);
  const tokens = createTokens({
    secret,
    publicKey: config.JWT_PUBLIC_KEY,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    ticketSecret: ticket_secret,
  });
  const instance = randomUUID();
  const outcomes = await listenForOutcomes(instance, { db, broadcast, metrics, log });
  const [limiter, uploadLimiter] = await Promise.all(
    [
      { what: 'requests', perMinute: config.RATE_LIMIT_GENERAL_PER_MINUTE } as const,
      { what: 'uploads', perMinute: UPLOADS_PER_MINUTE } as const,
    ].map((limits) => createLimiter({ ...limits, prefix: backbone.prefix }, limitsRedis ?? redis)),
  );
  const backlog = await startBacklogWatch({ pool: looks, metrics, log });
  const isAway = () => probe.isAway();
  const acceptor = createAcceptor({ db, queues, backlog, isAway, metrics, log });
  const { isFit: isQueueFit } = queues;
  const { isAccepting } = acceptor;
  await heartbeat.join('api');
  const probe = await startProbe({
    pool: looks,
    postgres,
    metrics,
    isRedisConnected,
    connections,
    processes: heartbeat.alive,
    isQueueFit,
    isAccepting,
  });
  const cache = createScopeCache(db);
  const scopes = createScopes(db, cache, tables);
  const followed = { onChange: cache.forget, onInterruption: cache.forgetAll };
  const stopFollowing = listenForScopeChanges(broadcast, followed, log);
  const context = {
    config,
    reading,
    queues,
    tokens,
    limiter: limiter!,
    uploadLimiter: uploadLimiter!,
    blobs,
    hashing: shareOut(HASHED_AT_ONCE),
    uploading: createShares(UPLOADS_AT_ONCE),
    waits: createWaits(),
    installation: id,
    scopes,
    acceptor,
    outcomes,
    verifyRuns: createVerifyRuns({ db, queues, metrics, log }),
    verifications: createSharing(),
    instance,
    issueTicket: ({ stream, ...ticket }: Parameters<IssueTicket>[0]) =>
      tokens.issueTicket({ ...ticket, session_id: idOf(stream) }),
    metrics,
    log,
  };

  function drain(): void {
    probe.drain();
    void heartbeat.leave('api');
    outcomes.hurry();
    context.verifyRuns.hurry();
  }

  async function close(): Promise<void> {
    await acceptor.idle();
    outcomes.close();
    stopFollowing();
    probe.close();
    backlog.close();
    await Promise.all([limiter!.close(), uploadLimiter!.close()]);
    limitsRedis?.close();
    await Promise.all([door.end(), looks.end(), pool.end(), verifierPool.end()]);
  }

  return { app: createApp(context, probe, readVersion()), db, probe, tokens, drain, close };
}

/** A Redis for what may be forgotten, where one is named. */
function openCache({ config: { REDIS_CACHE_URL: url }, process, prefix, log }: Backbone): RedisServer | undefined {
  return url === undefined ? undefined : openRedis({ url, process, prefix, log, mayEvict: true });
}

/** Who cannot keep files serves all the rest. */
async function claimFiles({ blobs, log }: Backbone, installation: string): Promise<void> {
  try {
    const owner = await blobs.claim(installation);
    if (owner !== installation) log.error({ owner }, 'BLOB_DIR belongs to another installation: no exhibits are taken');
  } catch (err) {
    log.error({ err }, 'BLOB_DIR cannot be written: exhibits cannot be uploaded');
  }
}
