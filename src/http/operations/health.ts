/** `/health`, `/ready` and `/livez` of a process that serves Express. */
import { Router } from 'express';
import { healthAnswers } from '../../infra/telemetry/healthAnswers.ts';
import type { Probe } from '../../infra/telemetry/probe.ts';

export function healthRoutes(probe: Probe): Router {
  const router = Router();
  for (const [path, answer] of Object.entries(healthAnswers(probe))) {
    router.get(path, ({ query }, res) => {
      const { status, body } = answer(query);
      res.status(status).set('Cache-Control', 'no-store').json(body);
    });
  }
  return router;
}
