/**
 * `GET /metrics`. On a public port it is for who has METRICS_TOKEN, or, on a machine of one's own, for all; otherwise it
 * is not there. On METRICS_PORT, which is nobody's but the operator's, it is for all.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Request, Router } from 'express';
import { Problem } from '../../core/definitions/problem.ts';
import { isLoopback } from '../../infra/addresses.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

/** Collecting takes milliseconds; however often it is asked for, it is done once in a while. */
const KEPT_MS = 1_000;

export type MetricsAccess = 'open' | 'closed' | { token: string };

/** Of a public port. */
export function metricsAccess({ HOST, NODE_ENV, METRICS_TOKEN }: Config): MetricsAccess {
  if (isLoopback(HOST) && NODE_ENV !== 'production') return 'open';
  return METRICS_TOKEN === undefined ? 'closed' : { token: METRICS_TOKEN };
}

export function metricsRoutes({ registry }: Metrics, access: MetricsAccess): Router {
  const router = Router();
  let kept: Promise<Buffer> | undefined;
  let collected = 0;

  function collect(): Promise<Buffer> {
    const now = performance.now();
    if (kept && now - collected < KEPT_MS) return kept;
    collected = now;
    kept = registry.metrics().then((text) => Buffer.from(text));
    // What failed is tried again at once.
    kept.catch(() => {
      kept = undefined;
    });
    return kept;
  }

  if (access === 'closed') return router;
  router.get('/metrics', async (req, res) => {
    if (access !== 'open') demandToken(req, access.token);
    res.set({ 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(await collect());
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
