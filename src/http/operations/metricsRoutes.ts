/**
 * `GET /metrics`. On a public port it is for who has METRICS_TOKEN, or, on a machine of one's own, for all; otherwise it
 * is not there. On METRICS_PORT, which is nobody's but the operator's, it is for all.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Request, Router } from 'express';
import { Problem } from '../../core/definitions/problem.ts';
import { isLoopback } from '../../infra/loopback.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { createMetricsPage } from '../../infra/telemetry/metricsPage.ts';

export type MetricsAccess = 'open' | 'closed' | { token: string };

/** Of a public port. */
export function metricsAccess({ HOST, NODE_ENV, METRICS_TOKEN }: Config): MetricsAccess {
  if (isLoopback(HOST) && NODE_ENV !== 'production') return 'open';
  return METRICS_TOKEN === undefined ? 'closed' : { token: METRICS_TOKEN };
}

export function metricsRoutes(metrics: Metrics, access: MetricsAccess): Router {
  const router = Router();
  const { contentType } = metrics.registry;
  const collect = createMetricsPage(metrics);
  if (access === 'closed') return router;
  router.get('/metrics', async (req, res) => {
    if (access !== 'open') demandToken(req, access.token);
    res.set({ 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(await collect());
  });
  return router;
}

/** @throws {Problem} 401 */
function demandToken({ headers }: Request, token: string): void {
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new Problem('unauthenticated', 'Send METRICS_TOKEN as a bearer token.', {}, { 'WWW-Authenticate': 'Bearer' });
}
