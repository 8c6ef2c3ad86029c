/** `POST /threats/<id>/outcome`: an admin says what a threat turned out to be. It is no command: nothing in court follows from it. */
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { decideOutcome, outcomeBody } from '../../threats/decideOutcome.ts';
import { findThreat } from '../../threats/readThreats.ts';
import { demandThreats } from '../../threats/switched.ts';
import { threatAnswer } from '../../threats/threat.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

export const decideThreat: RouteDefinition = defineRoute({
  name: 'threat.outcome',
  route: 'POST /threats/:threat_id/outcome',
  summary: 'Say what a threat turned out to be; the last word counts',
  roles: ADMINS,
  body: outcomeBody,
  answer: threatAnswer,
  rejects: ['feature_disabled', 'not_found'],
  serve: serveOutcome,
});

function serveOutcome(context: ApiContext): Serve {
  const { door, reading } = context;
  return async (req, res) => {
    const actor = (await enter(context, req, res, decideThreat))!;
    const json = await readJson(req, res);
    demandRole(actor, ADMINS);
    const { outcome } = parseBody(json, outcomeBody, []) as typeof outcomeBody._output;
    const id = String(req.params.threat_id).toLowerCase();
    const find = () =>
      reading.inScope(actor, null, async (db) => {
        await demandThreats(db, actor);
        return isUuid(id) ? findThreat(db, id) : undefined;
      });
    const threat = await find();
    if (!threat) throw new Problem('not_found');
    await decideOutcome(door, threat, outcome, actor.id);
    res.set('Cache-Control', 'no-store').json(await find());
  };
}
