/**
 * What the peers have in common with us, which is everything up to acceptance: the same application with its
 * middleware and routes, the same tokens, limits, checks and answers. Only what becomes of an accepted command differs.
 */
import type pg from 'pg';
import { createScopes } from '../../src/access/demandScope.ts';
import { createScopeCache } from '../../src/access/scopeCache.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { createApp } from '../../src/http/app.ts';
import type { Acceptor } from '../../src/http/commands/acceptance.ts';
import type { Outcomes } from '../../src/http/commands/outcomes.ts';
import { createWaits } from '../../src/http/commands/waits.ts';
import type { ApiContext } from '../../src/http/door/door.ts';
import { createExpressServer } from '../../src/http/server.ts';
import { createAddresses } from '../../src/infra/addresses.ts';
import { createLimiter } from '../../src/infra/limiter/createLimiter.ts';
import type { Config } from '../../src/infra/process/config.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import type { Started } from '../../src/infra/process/runProcess.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { createAbsence } from '../../src/infra/telemetry/absence.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { startProbe } from '../../src/infra/telemetry/probe.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens } from '../../src/infra/tokens.ts';

/** A peer has its outcome when it accepts, so nobody waits for one. */
const NOTHING_TO_WAIT_FOR: Outcomes = {
  waitFor: () => ({ within: async () => undefined, cancel: () => {} }),
  hurry: () => {},
  close: () => {},
};

/** No policies are at work in a benchmark; what ours notes of sign-ins and refusals, behind the answers, peers do not. */
const NOTHING_NOTED = {
  policies: { judge: async () => undefined, note: () => {} },
  refusals: { note: () => {} },
  bad_signatures: { note: () => {} },
  logins: { see: () => {} },
};

const ALONE = { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 };

/** @param accept stores a command and resolves with its outcome */
export async function openDoor(
  config: Config,
  { pool, accept, close }: { pool: pg.Pool; accept: Acceptor['accept']; close(): Promise<unknown> },
): Promise<Started> {
  const log = createLog(config.LOG_LEVEL, 'peer');
  const metrics = createMetrics();
  const db: Queryable = pool;
  const tokens = createTokens({
    secret: config.JWT_SECRET,
    publicKey: config.JWT_PUBLIC_KEY,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    ticketKeys: ticketKeysOf(config.JWT_SECRET!),
    revocations: NO_REVOCATIONS,
  });
  const desk = {
    config,
    tokens,
    metrics,
    log,
    addresses: createAddresses(config),
    limiter: createLimiter({ prefix: 'peer:', alive: () => ALONE, metrics, log }, undefined),
    scopes: createScopes(db, createScopeCache(db)),
    acceptor: { accept, idle: async () => {} },
    outcomes: NOTHING_TO_WAIT_FOR,
    waits: createWaits(),
    ...NOTHING_NOTED,
    instance: 'peer',
  } as unknown as ApiContext;
  const probe = await startProbe({
    pool,
    postgres: createAbsence('Postgres', log),
    metrics,
    isRedisConnected: () => null,
    connections: () => 0,
    processes: () => ALONE,
  });
  const server = createExpressServer(createApp(desk, probe, { version: 'peer', isWhole: false, trial: undefined }));
  await listen(server, config.HOST, config.PORT, 0);
  return {
    log,
    steps: [
      { name: 'readiness', run: () => probe.drain() },
      { name: 'http', run: () => closeServer(server) },
      { name: 'probe', run: () => probe.close() },
      { name: 'peer', run: close },
      { name: 'pool', run: () => pool.end() },
    ],
  };
}
