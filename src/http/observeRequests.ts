/**
 * What is known of every request when it is over: how long it took, in the metrics, and a line in the log. The route's
 * pattern stands for the path, so that neither ids nor mistyped paths make new series, or are written down.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { Config } from '../infra/process/config.ts';
import type { Log } from '../infra/telemetry/log.ts';
import type { Metrics } from '../infra/telemetry/metrics.ts';

interface Observer {
  config: Config;
  log: Log;
  metrics: Metrics;
}

/** Asked every few seconds by machines; nobody wants to read that. */
const PROBES = ['/health', '/ready', '/livez', '/metrics'];

export function observeRequests({ config, log, metrics }: Observer): RequestHandler {
  const level = config.ACCESS_LOG_LEVEL;
  const isLogged = level !== 'silent' && log.isLevelEnabled(level);
  const series = new Map<string, { observe(seconds: number): void }>();

  function timed(route: string, status: string): { observe(seconds: number): void } {
    const key = `${status} ${route}`;
    const known = series.get(key);
    if (known) return known;
    const made = metrics.requestSeconds.labels({ route, status });
    series.set(key, made);
    return made;
  }

  return (req, res, next) => {
    const started = performance.now();
    res.once('close', () => {
      const ms = performance.now() - started;
      const route = routeOf(req as Request, res as Response);
      timed(route, res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'aborted').observe(ms / 1_000);
      if (isLogged && !PROBES.includes(route))
        log[level](lineOf(req as Request, res as Response, route, ms), 'request');
    });
    next();
  };
}

/** The pattern that the request met, from our own list of routes; `none` where it met none. */
function routeOf(req: Request, res: Response): string {
  return res.locals.route ?? req.route?.path ?? 'none';
}

function lineOf(req: Request, res: Response, route: string, ms: number): object {
  const { request_id, command_id } = res.locals;
  return {
    method: req.method,
    route,
    status: res.statusCode,
    ...(!res.writableFinished && { aborted: true }),
    ms: Math.round(ms * 10) / 10,
    request_id,
    ...(command_id !== undefined && { command_id }),
  };
}
