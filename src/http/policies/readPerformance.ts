/**
 * `GET /policies/<id>/performance`: what a policy has decided in the last seven days with the rules that it has. The counts are
 * those of now; how often it was right may be half an hour old.
 */
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import { count, named, uuid } from '../../core/definitions/answers.ts';
import { exampleId } from '../../core/definitions/exampleValues.ts';
import { Problem } from '../../core/definitions/problem.ts';
import {
  effectivenessShape,
  findEffectiveness,
  keepEffectiveness,
} from '../../policies/decisions/cachedEffectiveness.ts';
import { DAYS, readEffectiveness } from '../../policies/decisions/effectiveness.ts';
import { readReport, reportLine } from '../../policies/decisions/report.ts';
import { MODES } from '../../policies/policy.ts';
import { findPolicy } from '../../policies/readPolicies.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

const counts = { passed: count, would_refuse: count, refused: count, lifted: count };

const performanceAnswer = named(
  'PolicyPerformance',
  z.strictObject({
    ...{ id: uuid, version: count, mode: z.enum(MODES), days: count, ...counts },
    ...effectivenessShape,
    report: z.array(reportLine),
  }),
  {
    ...{ id: exampleId('21'), version: 1, mode: 'observe' as const, days: DAYS },
    ...{ passed: 95, would_refuse: 5, refused: 0, lifted: 0 },
    ...{ effectiveness: 95, decided: 100, interval: { from: 89, to: 98 } },
    report: [
      { command: 'turn.start', outcome: 'passed' as const, lacks: [], count: 95, people: 4 },
      { command: 'turn.start', outcome: 'would_refuse' as const, lacks: ['hours' as const], count: 5, people: 1 },
    ],
  },
);

export const readPerformance: RouteDefinition = defineRoute({
  name: 'policy.performance',
  route: 'GET /policies/:policy_id/performance',
  summary: 'What a policy decided in the last seven days with the rules that it has, and what it would have refused',
  roles: ADMINS,
  answer: performanceAnswer,
  rejects: ['not_found', 'feature_disabled'],
  serve: servePerformance,
});

function servePerformance(context: ApiContext): Serve {
  const { reading, cache } = context;
  return async (req, res) => {
    const actor = (await enter(context, req, res, readPerformance))!;
    demandRole(actor, ADMINS);
    const found = await reading.inScope(actor, null, async (db) => {
      const policy = await findPolicy(db, String(req.params.policy_id).toLowerCase());
      return policy && { policy, told: await readReport(db, policy) };
    });
    if (!found) throw new Problem('not_found');
    const { policy, told } = found;
    const reckon = () => reading.inScope(actor, null, (db) => readEffectiveness(db, policy));
    const sure = (await findEffectiveness(cache, policy)) ?? (await keepEffectiveness(cache, policy, await reckon()));
    const { id, version, mode } = policy;
    res.set('Cache-Control', 'no-store').json({ id, version, mode, days: DAYS, ...told, ...sure });
  };
}
