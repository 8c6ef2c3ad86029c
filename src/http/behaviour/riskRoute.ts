/**
 * `GET /auth/sessions/<id>/risk`: the risk as a worker reckoned it last, and how well the login session fits its person. Of
 * the own one there is always an answer; those of the institution are there for admins, with telemetry or without. It is
 * cached until there is another risk; whether the person has just signed in again is asked each time.
 */
import { z } from 'zod';
import { ACTIONS, LEVELS, UNKNOWN } from '../../behaviour/risk/risk.ts';
import { findKeptRisk, keepRisk, type ReadRisk } from '../../behaviour/trained/keptRisk.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { type Actor, ROLES } from '../../core/definitions/actor.ts';
import { count, named, text } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { NEUTRAL, PARTS } from '../../logins/context/context.ts';
import { findSteppedUp } from '../../logins/stepUp.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { whereaboutsOf } from '../door/whereabouts.ts';
import { isSignedInNow, SURE } from '../policies/policyDoor.ts';

const score = count.max(100);
const component = score.nullable();
const EXAMPLE_PARTS = { device: 100, network: 50, time: 100, location: NEUTRAL, history: 85 };

const riskAnswer = named(
  'LoginRisk',
  z.strictObject({
    /** Null where nothing can be said. */
    score: component,
    level: z.enum(LEVELS),
    components: z.strictObject({ keystroke: component, mouse: component, navigation: component, time: component }),
    /** How well device, network, time, location and history fit the person. */
    context: score,
    context_parts: z.strictObject({ device: score, network: score, time: score, location: score, history: score }),
    /** Parts that are neutral because nothing is known. */
    context_unknown: z.array(z.enum(PARTS)),
    /** The context; 100 of whoever has just signed in again. */
    confidence: score,
    /** The feature that weighed most, or `time`. */
    weighed_most: text.nullable(),
    action: z.enum(ACTIONS),
  }),
  {
    ...{ score: 42, level: 'medium', components: { keystroke: 60, mouse: 45, navigation: null, time: 10 } },
    ...{ context: 81, context_parts: EXAMPLE_PARTS, context_unknown: ['location' as const], confidence: 81 },
    ...{ weighed_most: 'flight_median', action: 'monitor' },
  },
);

export const readRisk: RouteDefinition = defineRoute({
  name: 'telemetry.risk',
  route: 'GET /auth/sessions/:login_id/risk',
  summary: 'How far a login session is from what is usual for its person, and what the score is made of',
  roles: ROLES,
  answer: riskAnswer,
  rejects: ['not_found'],
  serve: serveRisk,
});

function serveRisk(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readRisk))!;
    demandRole(actor, ROLES);
    const id = String(req.params.login_id).toLowerCase();
    const found = isUuid(id) ? await find(context, actor, id) : undefined;
    const isOwn = actor.login?.id === id;
    if (!found && !isOwn) throw new Problem('not_found');
    const { score, level, components, weighed_most, action } = found?.risk ?? UNKNOWN;
    const fit = await (isOwn
      ? context.contexts.ofRequest(actor, whereaboutsOf(req))
      : context.contexts.ofLogin(found!));
    const from = isOwn ? context.logins.marksOf(whereaboutsOf(req)) : null;
    const whose = { login_id: id, user_id: found?.user_id ?? actor.id, from };
    const isSure =
      (isOwn && isSignedInNow(actor, Date.now())) || (await findSteppedUp(context.door, [whose])).length > 0;
    const confidence = isSure ? SURE : fit.score;
    const told = { context: fit.score, context_parts: fit.parts, context_unknown: fit.unknown, confidence };
    res.set('Cache-Control', 'no-store').json({ score, level, components, ...told, weighed_most, action });
  };
}

async function find({ cache, reading }: ApiContext, actor: Actor, id: string): Promise<ReadRisk | undefined> {
  const kept = await findKeptRisk(cache, actor, id);
  if (kept) return kept;
  const found = await reading.inScope(actor, null, (db) => findLogin(db, id));
  if (found) await keepRisk(cache, actor, found);
  return found;
}

// Row security leaves the own, and for admins those of the institution. Nobody who sent no telemetry has a risk.
const READ = {
  name: 'read-risk',
  text: `
    select $1::uuid as id, coalesce(l.user_id, r.user_id) as user_id,
      case when l.id is null then r.institution_id else l.institution_id end as institution_id, r.risk
    from (values (1)) as one
    left join logins l on l.id = $1
    left join lateral (
      select user_id, institution_id, risk from telemetry_risks where login_id = $1 order by assessed_at desc limit 1
    ) r on true
    where l.id is not null or r.user_id is not null`,
};

export async function findLogin(db: Queryable, id: string): Promise<ReadRisk | undefined> {
  return (await db.query<ReadRisk>({ ...READ, values: [id] })).rows[0];
}
