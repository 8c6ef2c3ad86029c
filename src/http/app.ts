/** The Express application: every command, query and route of the lists, then operations, then what is left. */
import cors from 'cors';
import type { Express } from 'express';
import helmet from 'helmet';
import type { CommandDefinition } from '../core/definitions/command.ts';
import type { Probe } from '../infra/telemetry/probe.ts';
import { commands } from '../modules.ts';
import { queries } from '../queries.ts';
import { bareApp } from './bareApp.ts';
import { serveCommand } from './commands/serveCommand.ts';
import { serveGuarded } from './commands/serveGuarded.ts';
import { serveUpload } from './commands/serveUpload.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { DASHBOARD } from './dashboard/login.ts';
import type { ApiContext } from './door/door.ts';
import type { Serve } from './door/route.ts';
import { observeRequests } from './observeRequests.ts';
import { docsRoutes } from './operations/docs.ts';
import { healthRoutes } from './operations/health.ts';
import { type Home, homePageRoutes } from './operations/homePage.ts';
import { livePageRoutes } from './operations/livePage.ts';
import { metricsAccess, metricsRoutes } from './operations/metricsRoutes.ts';
import { problemPageRoutes } from './operations/problemPages.ts';
import { answerOtherMethods, answerProblems, answerSocketPath, answerUnknownPath } from './problems.ts';
import { serveQuery } from './queries/serveQuery.ts';
import { routes } from './routes.ts';

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
const ALLOWED = [
  'Authorization',
  'Content-Type',
  'Prefer',
  'Idempotency-Key',
  'If-Match',
  'traceparent',
  'X-Browser-Fingerprint',
];
// Nothing is loaded from elsewhere, and a page is not sent to https where there is none.
const POLICY = { styleSrc: ["'self'", "'unsafe-inline'"], fontSrc: ["'self'"], upgradeInsecureRequests: null };

export function createApp(context: ApiContext, probe: Probe, home: Home): Express {
  const app = bareApp(context.config);
  app.use(observeRequests(context));
  app.use(helmet({ contentSecurityPolicy: { directives: POLICY } }));
  if (context.config.CORS_ORIGINS.length > 0) {
    app.use(cors({ origin: [...context.config.CORS_ORIGINS], allowedHeaders: ALLOWED, exposedHeaders: EXPOSED }));
  }
  const served = new Map<string, { method: 'GET' | 'POST'; serve: Serve }[]>();
  const mount = (route: string, serve: Serve) => {
    const [method, path] = route.split(' ') as ['GET' | 'POST', string];
    served.set(path, [...(served.get(path) ?? []), { method, serve }]);
  };
  for (const command of commands) {
    mount(command.route, serverOf(context, command));
  }
  for (const query of queries) mount(query.route, serveQuery(context, query));
  for (const { route, serve } of routes) mount(route, serve(context));
  for (const [path, ways] of fixedFirst(served)) {
    for (const { method, serve } of ways) app[method.toLowerCase() as 'get' | 'post'](path, serve);
    app.all(path, answerOtherMethods(ways.map(({ method }) => method)));
  }
  app.use(healthRoutes(probe), metricsRoutes(context.metrics, metricsAccess(context.config)));
  app.use(
    docsRoutes(home.version, context.config.PUBLIC_URL),
    homePageRoutes(home),
    livePageRoutes(),
    problemPageRoutes(),
  );
  app.use(DASHBOARD, dashboard(context));
  app.use(['/live/ws', '/live/sse', '/gallery/ws', '/feeds/ws', '/ws', '/socket.io'], answerSocketPath);
  app.use(answerUnknownPath);
  app.use(answerProblems(context.log, context.refusals.note));
  return app;
}

function serverOf(context: ApiContext, command: CommandDefinition): Serve {
  const { upload, guarded } = command;
  if (upload) return serveUpload(context, command, upload);
  return guarded ? serveGuarded(context, command, guarded) : serveCommand(context, command);
}

/** A path without parameters is itself before it is anybody's id: `/api/session/create` is no session. */
function fixedFirst<T>(served: Map<string, T>): [string, T][] {
  const isOpen = (path: string) => Number(path.includes(':'));
  return [...served].sort(([a], [b]) => isOpen(a) - isOpen(b));
}
