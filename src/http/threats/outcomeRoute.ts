/**
 * `POST /threats/<id>/outcome`: an admin says what a threat turned out to be. It is no command: nothing in court follows from
 * it. That it was said stands on the audit trail.
 */
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { decideOutcome, outcomeBody } from '../../threats/decideOutcome.ts';
import { dropPages } from '../../threats/keptPage.ts';
import { findThreat } from '../../threats/readThreats.ts';
import { demandThreats } from '../../threats/switched.ts';
import { threatAnswer } from '../../threats/threat.ts';
import { doAudited } from '../audit/adminAction.ts';
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
  const { reading, cache } = context;
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
    const { institution_id } = threat;
    const isDone = await doAudited(context, actor, async (db) => {
      const happened_at = await decideOutcome(db, threat, outcome, actor.id);
      if (happened_at === undefined) return undefined;
      return { action: decideThreat.name, subject: `threat:${id}`, institution_id, happened_at };
    });
    if (!isDone) throw new Problem('not_found');
    await dropPages(cache, [institution_id]);
    res.set('Cache-Control', 'no-store').json(await find());
  };
}
