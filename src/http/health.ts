/** `/health` and `/ready`: every process serves them, and neither waits for anything. */
import { Router } from 'express';
import type { Probe } from '../infra/probe.ts';

export function healthRoutes(probe: Probe): Router {
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
  return router;
}
