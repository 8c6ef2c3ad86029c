/** `/`: what runs here and where to go, and on a terminal's own machine a token for the first look round. */
import { Router } from 'express';
import { z } from 'zod';
import { Problem } from '../../core/definitions/problem.ts';
import { isLoopback } from '../../infra/loopback.ts';
import type { Trial } from '../../infra/trial.ts';
import { parseBody, readJson } from '../door/body.ts';
import { policyOf, readOwn } from './ownFiles.ts';
import { serveFixed } from './serveFixed.ts';

const PAGE = 'pages/home.html';
const MAX_CODE = 100;
const Redeeming = z.strictObject({ code: z.string().min(1).max(MAX_CODE) });

export interface Home {
  version: string;
  /** Whether the sockets are served here too. */
  isWhole: boolean;
  /** Undefined where none is offered: then there is no such route. */
  trial: Trial | undefined;
}

export function homePageRoutes({ version, isWhole, trial }: Home): Router {
  const router = Router();
  const mode = isWhole ? 'all of it in one process' : 'the API of an installation in parts';
  const page = async () =>
    String(await readOwn(PAGE))
      .replace('{{version}}', version)
      .replace('{{mode}}', mode);
  router.get(
    '/',
    serveFixed('html', page, (bytes) => policyOf(bytes, "'self'")),
  );
  if (!trial) return router;
  router.post('/try', async (req, res) => {
    demandOwnPage(req.headers.origin, req.headers.host);
    const { code } = parseBody(await readJson(req, res), Redeeming, []);
    const redeemed = trial.redeem(code as string);
    if (!redeemed) {
      throw new Problem(
        'unauthenticated',
        'The code was used, or is too old: start the server again, or use plearoll token.',
      );
    }
    res.set('Cache-Control', 'no-store').json(redeemed);
  });
  return router;
}

/** A page of another site may not spend the code, nor one that a name made to lead here has loaded. */
function demandOwnPage(origin: string | undefined, host: string | undefined): void {
  const isOwn = origin !== undefined && origin === `http://${host}`;
  const name = isOwn && URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, '') : '';
  if (!isLoopback(name)) throw new Problem('forbidden', 'A code is redeemed by the page at / of this server alone.');
}
