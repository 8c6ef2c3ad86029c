/**
 * `POST /telemetry/batches`: how the sender typed, pointed and read for some seconds. It is of the login session of the
 * token that it comes with, and of no other. What is refused, for whatever reason, is not looked at any further.
 */
import { type Batch, batchAnswer, batchBody, behaviourIn, faultOf } from '../../behaviour/batches/batch.ts';
import { storeBatch } from '../../behaviour/batches/storeBatch.ts';
import { pointsOf } from '../../behaviour/behaviour.ts';
import { reject } from '../../behaviour/behaviourProblems.ts';
import { hasConsent } from '../../behaviour/consent/consent.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { demandValid, listFaults } from '../door/inputErrors.ts';
import { limit } from '../door/limits.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { demandTelemetry } from './demandTelemetry.ts';

export const takeBatch: RouteDefinition = defineRoute({
  name: 'telemetry.batch',
  route: 'POST /telemetry/batches',
  summary: 'How the sender typed, pointed and read for some seconds: times and places alone, never keys',
  roles: ROLES,
  body: batchBody,
  answer: batchAnswer,
  status: 202,
  rejects: ['feature_disabled', 'no_consent'],
  serve: serveBatch,
});

function serveBatch(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, takeBatch))!;
    const user_id = actor.id;
    const consent = await demandTelemetry(context, actor, (db, institution_id) =>
      hasConsent(db, { institution_id, user_id }),
    );
    if (!consent.found) throw withoutConsent();
    await limit(context, req, res, actor, 'telemetry');
    const batch = parseBody(await readJson(req, res), batchBody, []) as unknown as Batch;
    const behaviour = behaviourIn(batch);
    const fault = faultOf(batch, Date.now(), behaviour);
    demandValid(listFaults(fault ? [fault] : []));
    const whose = { institution_id: consent.institution_id, user_id };
    const { consented, stored } = await storeBatch(context.door, whose, actor.login!.id, batch, behaviour);
    // Withdrawn in this very moment.
    if (!consented) throw withoutConsent();
    res
      .status(202)
      .set('Cache-Control', 'no-store')
      .json({ points: pointsOf(behaviour), stored });
  };
}

function withoutConsent(): Problem {
  return new Problem(reject('no_consent', 'You have not agreed to telemetry, or a guardian has refused it for you.'));
}
