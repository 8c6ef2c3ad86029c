/**
 * `POST /telemetry/consent`: people say for themselves whether telemetry is taken, and admins write down what a guardian
 * said. A refusal is taken whether or not telemetry is switched on.
 */

import { consentAnswer, consentBody, decideAsGuardian, decideOwn } from '../../behaviour/consent/consent.ts';
import { homeOf, ROLES } from '../../core/definitions/actor.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { demandTelemetry } from './demandTelemetry.ts';

export const decideConsent: RouteDefinition = defineRoute({
  name: 'telemetry.consent',
  route: 'POST /telemetry/consent',
  summary: 'Agree to telemetry or refuse it, for oneself, or as an admin for whom a guardian decided',
  roles: ROLES,
  body: consentBody,
  answer: consentAnswer,
  rejects: ['feature_disabled'],
  serve: serveConsent,
});

function serveConsent(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, decideConsent))!;
    const json = await readJson(req, res);
    const { given, guardian } = parseBody(json, consentBody, []) as typeof consentBody._output;
    if (guardian !== undefined) demandRole(actor, ['admin']);
    const institution_id = homeOf(actor);
    if (given || institution_id === null) await demandTelemetry(context, actor, async () => {});
    const whose = { institution_id: institution_id!, user_id: guardian?.user_id ?? actor.id };
    const consent = guardian
      ? await decideAsGuardian(context.door, whose, given, { name: guardian.name, decided_by: actor.id })
      : await decideOwn(context.door, whose, given);
    if (!given) await context.cache.invalidateUser(whose.user_id);
    res.set('Cache-Control', 'no-store').json(consent);
  };
}
