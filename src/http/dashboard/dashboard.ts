/** The dashboard at /jobs for super_admins: it looks at the queues, and nothing can be done to them there. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { isOnStage } from '../../access/onStage.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { QUEUE_NAMES } from '../../infra/queue/queueNames.ts';
import { createRedact } from '../../infra/telemetry/redaction.ts';
import { privateNames } from '../../modules.ts';
import { readCommand } from '../commands/serveCommandState.ts';
import type { ApiContext } from '../door/door.ts';
import { countRefused, limit } from '../door/limits.ts';
import { openBoard } from './board.ts';
import { admitOperator, DASHBOARD, loginRoutes } from './login.ts';

const redact = createRedact(privateNames);
const READS = ['GET', 'HEAD'];
const ALLOW = { Allow: 'GET, HEAD' };

export function dashboard(context: ApiContext): Router {
  const router = Router();
  let board: Promise<RequestHandler> | undefined;

  async function admit(req: Request, res: Response): Promise<Actor | undefined> {
    const operator = await countRefused(context, req, res, () => admitOperator(req, context.tokens));
    // A page of it loads some thirty files.
    if (!req.path.startsWith('/static/')) await limit(context, req, res, operator ?? null);
    if (operator && !req.path.startsWith('/static/')) await demandOffStage(context, operator);
    if (!operator) res.set('Cache-Control', 'no-store').redirect(303, `${DASHBOARD}/login`);
    return operator;
  }

  router.use((_req, res, next) => {
    res.locals.route = DASHBOARD;
    next();
  });
  router.use(['/login', '/logout'], async (req, res, next) => {
    await limit(context, req, res, null);
    next();
  });
  router.use(loginRoutes(context.tokens));
  // What the links of the jobs show to a browser, which has no bearer token to ask /api/command with.
  router.get('/command/:command_id', async (req, res) => {
    const operator = await admit(req, res);
    if (!operator) return;
    const state = redact(await readCommand(context, operator, req.params.command_id));
    res
      .set('Cache-Control', 'no-store')
      .type('json')
      .send(`${JSON.stringify(state, null, 2)}\n`);
  });
  router.use(async (req, res, next) => {
    if (!(await admit(req, res))) return;
    // Some of the board's own routes would answer 200 and do nothing.
    if (!READS.includes(req.method)) throw new Problem('method_not_allowed', 'Nothing is changed here.', {}, ALLOW);
    board ??= openBoard(
      QUEUE_NAMES.map((name) => context.queues.queue(name)),
      DASHBOARD,
      redact,
    );
    if (!req.path.startsWith('/static/')) res.set('Cache-Control', 'no-store');
    (await board)(req, res, next);
  });
  return router;
}

/** Doorbells tell when something is said in a gallery. @throws {Problem} 404 */
async function demandOffStage({ reading }: ApiContext, operator: Actor): Promise<void> {
  if (!(await reading.inScope(operator, null, (db) => isOnStage(db, operator.id)))) return;
  throw new Problem(
    'not_found',
    'While you are on the stage of a session with a gallery, its commands are not for you.',
  );
}
