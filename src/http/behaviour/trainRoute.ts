/**
 * `POST /telemetry/models/<user_id>/train`: an admin asks for a model of somebody who agreed. A worker makes it within a minute
 * or two. It is no command; that it was asked for stands on the audit trail.
 */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { at, named, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { doAudited } from '../audit/adminAction.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { demandTelemetry } from './demandTelemetry.ts';

const trainBody = named('TelemetryTrainRequest', z.strictObject({}), {});

const trainAnswer = named('TelemetryTraining', z.strictObject({ user_id: uuid, asked_at: at }), {
  ...{ user_id: EXAMPLE.user_id, asked_at: EXAMPLE.now },
});
type Asked = z.output<typeof trainAnswer>;

export const trainModel: RouteDefinition = defineRoute({
  name: 'telemetry.train',
  route: 'POST /telemetry/models/:user_id/train',
  summary: 'Ask for a new model of how a person of the institution usually behaves',
  roles: ['admin'],
  body: trainBody,
  answer: trainAnswer,
  status: 202,
  rejects: ['feature_disabled', 'not_found'],
  serve: serveTrain,
});

const ASK = {
  name: 'ask-for-training',
  text: `
    update telemetry_consents set train_asked_at = date_trunc('milliseconds', clock_timestamp())
    where institution_id = $1 and user_id = $2 and given returning user_id, train_asked_at as asked_at`,
};

function serveTrain(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, trainModel))!;
    const json = await readJson(req, res);
    demandRole(actor, ['admin']);
    parseBody(json, trainBody, []);
    const { institution_id } = await demandTelemetry(context, actor, async () => {});
    const user_id = String(req.params.user_id).toLowerCase();
    if (!isUuid(user_id)) throw new Problem('not_found');
    let asked: Asked | undefined;
    await doAudited(context, actor, async (db) => {
      [asked] = (await db.query<Asked>({ ...ASK, values: [institution_id, user_id] })).rows;
      const subject = `telemetry:${user_id}`;
      return asked && { action: trainModel.name, subject, institution_id, happened_at: asked.asked_at };
    });
    if (!asked) throw new Problem('not_found');
    res.status(202).set('Cache-Control', 'no-store').json(asked);
  };
}
