/** The Express application: every command and query of the two lists, then operations, then what is left. */

import { randomUUID } from 'node:crypto';
import cors from 'cors';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { commands } from '../commands.ts';
import type { Probe } from '../infra/probe.ts';
import { queries } from '../queries.ts';
import { dashboard } from './dashboard.ts';
import { docsRoutes } from './docs.ts';
import type { Desk } from './door.ts';
import { globalVerifyRoute, serveGlobalVerify, serveVerifyRun, verifyRunRoute } from './globalVerify.ts';
import { healthRoutes } from './health.ts';
import { answerProblems, refuseOtherMethods, refuseUnknownPath } from './problems.ts';
import { serveCommand } from './serveCommand.ts';
import { commandRoute, redriveRoute, serveCommandState, serveRedrive } from './serveCommandState.ts';
import { serveQuery } from './serveQuery.ts';

const EXPOSED = [
  'Location',
  'Retry-After',
  'ETag',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Preference-Applied',
  'Idempotent-Replayed',
];
const ALLOWED = ['Authorization', 'Content-Type', 'Prefer', 'Idempotency-Key', 'If-Match', 'traceparent'];
// Nothing is loaded from elsewhere, and a page is not sent to https where there is none.
const POLICY = { styleSrc: ["'self'", "'unsafe-inline'"], fontSrc: ["'self'"], upgradeInsecureRequests: null };
const REQUEST_ID = /^[\w-]{1,64}$/;

export function createApp(desk: Desk, probe: Probe, version: string): Express {
  const app = bareApp(desk.config.TRUSTED_PROXIES);
  app.use(helmet({ contentSecurityPolicy: { directives: POLICY } }));
  if (desk.config.CORS_ORIGINS.length > 0) {
    app.use(cors({ origin: [...desk.config.CORS_ORIGINS], allowedHeaders: ALLOWED, exposedHeaders: EXPOSED }));
  }
  const served = new Map<string, string[]>();
  const mount = (route: string, serve: (req: Request, res: Response) => Promise<void>) => {
    const [method, path] = route.split(' ') as ['GET' | 'POST', string];
    app[method.toLowerCase() as 'get' | 'post'](path, serve);
    served.set(path, [...(served.get(path) ?? []), method]);
  };
  for (const command of commands) mount(command.route, serveCommand(desk, command));
  for (const query of queries) mount(query.route, serveQuery(desk, query));
  mount(commandRoute.route, serveCommandState(desk));
  mount(redriveRoute.route, serveRedrive(desk));
  mount(globalVerifyRoute.route, serveGlobalVerify(desk));
  mount(verifyRunRoute.route, serveVerifyRun(desk));
  app.use(healthRoutes(probe, desk.metrics));
  app.use(docsRoutes(version));
  app.use('/jobs', dashboard(desk));
  for (const [path, methods] of served) app.all(path, refuseOtherMethods(methods));
  app.use(refuseUnknownPath);
  app.use(answerProblems(desk.log));
  return app;
}

/** What every HTTP server of ours has in common. */
export function bareApp(trustedProxies: readonly string[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', [...trustedProxies]);
  app.use(identifyRequest);
  return app;
}

const identifyRequest: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  res.locals.request_id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  res.set('X-Request-Id', res.locals.request_id);
  next();
};
