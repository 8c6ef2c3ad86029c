/**
 * `POST /telemetry/consent`: people say for themselves whether telemetry is taken, and admins write down what a guardian
 * said, which stands on the audit trail. A refusal is taken whether or not telemetry is switched on.
 */

import {
  type Consent,
  consentAnswer,
  consentBody,
  decideAsGuardian,
  decideOwn,
  type Whose,
} from '../../behaviour/consent/consent.ts';
import { type Actor, homeOf, ROLES } from '../../core/definitions/actor.ts';
import { doAudited } from '../audit/adminAction.ts';
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
    // What a super_admin agreed to as somebody else is refused where that was.
    const institution_id = given ? homeOf(actor) : actor.institution_id;
    if (given || institution_id === null) await demandTelemetry(context, actor, async () => {});
    const whose = { institution_id: institution_id!, user_id: guardian?.user_id ?? actor.id };
    const consent = guardian
      ? await writeDown(context, actor, whose, given, guardian.name)
      : await decideOwn(context.door, whose, given);
    if (!given) await context.cache.invalidateUser(whose.user_id);
    res.set('Cache-Control', 'no-store').json(consent);
  };
}

/** What a guardian said, by an admin. */
async function writeDown(context: ApiContext, actor: Actor, whose: Whose, given: boolean, name: string) {
  let consent: Consent | undefined;
  await doAudited(context, actor, async (db) => {
    consent = await decideAsGuardian(db, whose, given, { name, decided_by: actor.id });
    const { institution_id, user_id } = whose;
    const happened_at = consent.decided_at;
    return { action: decideConsent.name, subject: `telemetry:${user_id}`, institution_id, happened_at };
  });
  return consent!;
}
