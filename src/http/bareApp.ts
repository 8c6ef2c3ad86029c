/** What every Express application of ours has in common. */
import express, { type Express, type Request, type RequestHandler } from 'express';
import { createAddresses } from '../infra/addresses.ts';
import type { Config } from '../infra/process/config.ts';
import { isAmbiguous, requestIdOf, SEND_ONE_HOST } from '../infra/process/requestId.ts';
import { sendProblem } from './problems.ts';

export function bareApp(config: Config): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.locals.public_url = config.PUBLIC_URL;
  app.set('query parser', 'simple');
  app.set('trust proxy', [...config.TRUSTED_PROXIES]);
  const { realAddress } = createAddresses(config);
  Object.defineProperty(app.request, 'ip', {
    // Asked for again and again while a request is served, and the same each time.
    get(this: Request) {
      const value = realAddress(this.socket.remoteAddress, this.headers);
      Object.defineProperty(this, 'ip', { value, configurable: true });
      return value;
    },
  });
  app.use(identifyRequest);
  return app;
}

const identifyRequest: RequestHandler = (req, res, next) => {
  res.locals.request_id = requestIdOf(req);
  res.set('X-Request-Id', res.locals.request_id);
  if (!isAmbiguous(req)) next();
  else sendProblem(res, SEND_ONE_HOST, { Connection: 'close' });
};
