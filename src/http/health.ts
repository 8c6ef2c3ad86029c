/** `/health`, `/ready` and `/metrics`: every process serves them, and none of them waits for anything. */
import { Router } from 'express';
import type { Metrics } from '../infra/metrics.ts';
import type { Probe } from '../infra/probe.ts';

export function healthRoutes(probe: Probe, metrics: Metrics): Router {
  const router = Router();
  router.get('/health', (_req, res) => {
    const health = probe.health();
    res
      .status(health.healthy ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(health);
  });
  router.get('/ready', (_req, res) => {
    const ready = probe.isReady();
    res
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready });
  });
  router.get('/metrics', async (_req, res) => {
    res.set('Content-Type', metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}
