/** `POST /policies/<id>/simulate`: what other rules would have said of what was decided in the last 30 days. Nothing is changed. */
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import { named } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { faultsOfRules } from '../../policies/content.ts';
import { simulate, simulationAnswer } from '../../policies/decisions/simulation.ts';
import { EXAMPLE_RULE } from '../../policies/policy.ts';
import { findPolicy } from '../../policies/readPolicies.ts';
import { type Rule, rulesSchema } from '../../policies/rule.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandValid, listFaults } from '../door/inputErrors.ts';
import { defineRoute, type Serve } from '../door/route.ts';

const simulateBody = named('PolicySimulationRequest', z.strictObject({ rules: rulesSchema }), {
  rules: [EXAMPLE_RULE],
});

export const simulatePolicy = defineRoute({
  name: 'policy.simulate',
  route: 'POST /policies/:policy_id/simulate',
  summary: 'What other rules would have said of the decisions of the last 30 days; nothing is changed',
  roles: ADMINS,
  body: simulateBody,
  answer: simulationAnswer,
  rejects: [],
  serve: serveSimulation,
});

function serveSimulation(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, simulatePolicy))!;
    const body = await readJson(req, res);
    demandRole(actor, ADMINS);
    const { rules } = parseBody(body, simulateBody, []) as { rules: Rule[] };
    demandValid(listFaults(await faultsOfRules(context.outside, { input: { rules } })));
    const answer = await context.reading.inScope(actor, null, async (db) => {
      const policy = await findPolicy(db, String(req.params.policy_id).toLowerCase());
      return policy && simulate(db, policy.institution_id, rules);
    });
    if (!answer) throw new Problem('not_found');
    res.set('Cache-Control', 'no-store').json(answer);
  };
}
