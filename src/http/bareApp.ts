/** What every Express application of ours has in common. */
import express, { type Express, type RequestHandler } from 'express';
import { isAmbiguous, requestIdOf, SEND_ONE_HOST } from '../infra/process/requestId.ts';
import { sendProblem } from './problems.ts';

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
  res.locals.request_id = requestIdOf(req);
  res.set('X-Request-Id', res.locals.request_id);
  if (!isAmbiguous(req)) next();
  else sendProblem(res, SEND_ONE_HOST, { Connection: 'close' });
};
