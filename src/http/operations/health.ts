/**
 * `/health`, `/ready` and `/livez`: every process serves them, and none waits for anything. A balancer that wants no API
 * without Redis asks for `/health?require=redis`.
 */
import { Router } from 'express';
import { isEnough, type Probe } from '../../infra/telemetry/probe.ts';

export function healthRoutes(probe: Probe): Router {
  const router = Router();
  router.get('/health', ({ query }, res) => {
    const health = probe.health();
    res
      .status(isEnough(health, query.require) ? 200 : 503)
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
  // That it is answered is the answer.
  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ alive: true });
  });
  return router;
}
