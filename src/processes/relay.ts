/** The relay process: delivers committed events to its listeners until it is told to stop. It can write nothing. */

import type { Queryable } from '../core/sql/queryable.ts';
import { bareApp } from '../http/bareApp.ts';
import { healthRoutes } from '../http/operations/health.ts';
import { metricsAccess, metricsRoutes } from '../http/operations/metricsRoutes.ts';
import { serveMetrics } from '../http/operations/serveMetrics.ts';
import { answerProblems, answerUnknownPath } from '../http/problems.ts';
import { createExpressServer } from '../http/server.ts';
import { openLimiter } from '../infra/limiter/openLimiter.ts';
import { POLL_POOL_SIZE } from '../infra/postgres/boundedRead.ts';
import { unreadyOnNewerSchema } from '../infra/postgres/schemaWatch.ts';
import { openBackbone } from '../infra/process/backbone.ts';
import { closeServer, listen } from '../infra/process/httpServer.ts';
import { startProcessProbe } from '../infra/process/processProbe.ts';
import { runProcess } from '../infra/process/runProcess.ts';
import { startRevocations } from '../infra/revocations.ts';
import { followTicketKeys } from '../infra/ticketKeys.ts';
import { createTokens } from '../infra/tokens.ts';
import { privateNames } from '../modules.ts';
import { createRelay } from '../relay/relay.ts';

const USUAL_PORT = 3001;
const USUAL_METRICS_PORT = 9467;
const POOL_SIZE = 5;

await runProcess({ role: 'relay', verifiesTokens: true }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'relay', privateNames, 'relay');
  const { queues, heartbeat, metrics, log } = backbone;
  await queues.demandFit();
  const pool = backbone.openPool('relay', POOL_SIZE);
  const db: Queryable = pool;
  const ticketKeys = await followTicketKeys(db, log);
  const revocations = startRevocations({ ...backbone, db });
  const tokens = createTokens({
    secret: config.JWT_SECRET,
    publicKey: config.JWT_PUBLIC_KEY,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    ticketKeys,
    revocations,
  });
  const limiter = await openLimiter(backbone);
  const relay = createRelay({ ...backbone, pool, tokens, shared: config.JWT_SECRET, limiter });
  const polls = backbone.openPool('relay', POLL_POOL_SIZE);
  await heartbeat.join('relay');
  const probe = await startProcessProbe(backbone, { pool: polls, connections: relay.connections });
  const app = bareApp(config);
  app.use(healthRoutes(probe), metricsRoutes(metrics, metricsAccess(config)), answerUnknownPath, answerProblems(log));
  const server = createExpressServer(app);
  relay.attach(server);
  const port = await listen(server, config.HOST, config.RELAY_PORT, USUAL_PORT);
  const apart = await serveMetrics(backbone, USUAL_METRICS_PORT);
  log.info({ metrics_port: apart?.port, port }, 'relay ready');
  return {
    log,
    steps: [
      unreadyOnNewerSchema(db, log, probe.drain),
      { name: 'readiness', run: () => probe.drain() },
      { name: 'heartbeat', run: () => heartbeat.leave('relay') },
      { name: 'listeners', run: () => relay.close() },
      { name: 'http', run: () => closeServer(server) },
      { name: 'metrics', run: () => apart?.close() },
      { name: 'limiter', run: () => limiter.close() },
      { name: 'probe', run: () => probe.close() },
      { name: 'revocations', run: () => revocations.close() },
      { name: 'ticket keys', run: () => ticketKeys.close() },
      { name: 'pool', run: () => Promise.all([pool.end(), polls.end()]) },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
