/** `GET /auth/sessions/<id>/risk`: as a worker reckoned it last. Of the own login session there is always an answer; those of the institution are there for admins, with telemetry or without. */
import { z } from 'zod';
import { ACTIONS, LEVELS, type Risk, UNKNOWN } from '../../behaviour/risk/risk.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { count, named, text } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

/** Of a context of which nothing is known every part is neutral. */
const NEUTRAL = 75;

const component = count.max(100).nullable();

const riskAnswer = named(
  'LoginRisk',
  z.strictObject({
    /** Null where nothing can be said. */
    score: component,
    level: z.enum(LEVELS),
    components: z.strictObject({ keystroke: component, mouse: component, navigation: component, time: component }),
    /** Of device, network, time, location and history; null where it is not reckoned. */
    context: component,
    confidence: count.max(100),
    /** The feature that weighed most, or `time`. */
    weighed_most: text.nullable(),
    action: z.enum(ACTIONS),
  }),
  {
    ...{ score: 42, level: 'medium', components: { keystroke: 60, mouse: 45, navigation: null, time: 10 } },
    ...{ context: null, confidence: NEUTRAL, weighed_most: 'flight_median', action: 'monitor' },
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
    if (!isUuid(id)) throw new Problem('not_found');
    const { risk, is_known } = await context.reading.inScope(actor, null, (db) => findRisk(db, id));
    if (!risk && !is_known && actor.login?.id !== id) throw new Problem('not_found');
    const { score, level, components, weighed_most, action } = risk ?? UNKNOWN;
    const answer = { score, level, components, context: null, confidence: NEUTRAL, weighed_most, action };
    res.set('Cache-Control', 'no-store').json(answer);
  };
}

// Row security leaves the own, and for admins those of the institution.
const READ = {
  name: 'read-risk',
  text: `
    select (select risk from telemetry_risks where login_id = $1 order by assessed_at desc limit 1) as risk,
      exists (select from logins where id = $1) as is_known`,
};

interface Found {
  risk: Risk | null;
  /** It was seen, whether or not there is telemetry of it. */
  is_known: boolean;
}

async function findRisk(db: Queryable, id: string): Promise<Found> {
  return (await db.query<Found>({ ...READ, values: [id] })).rows[0]!;
}
