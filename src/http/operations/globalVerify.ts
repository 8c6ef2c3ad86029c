/**
 * `GET /integrity/global-verify`: the whole record checked by a worker, once for everybody who asks meanwhile. Past
 * 25 s the answer is 202 and the run's own address. The verdict is what stands in Postgres, and nothing else.
 */

import type { Response } from 'express';
import { ADMINS } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { findRun, type StoredRun, underWay } from './integrityRuns.ts';
import { recordVerdict, runUnderWay } from './operationAnswers.ts';

export const verifyGlobally = defineRoute({
  name: 'integrity.verify',
  route: 'GET /integrity/global-verify',
  summary: 'Verify every session of your institution, or all of them',
  roles: ADMINS,
  answer: recordVerdict,
  accepted: runUnderWay,
  rejects: [],
  serve: serveGlobalVerify,
});

const ANSWER_WITHIN_MS = 25_000;

function serveGlobalVerify(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, verifyGlobally))!;
    demandRole(actor, ADMINS);
    const id = await context.verifyRuns.ask(actor.role === 'super_admin' ? null : actor.institution_id);
    await context.verifyRuns.within(id, ANSWER_WITHIN_MS);
    answerRecord(res, await findRun(context, actor, id));
  };
}

function answerRecord(res: Response, run: StoredRun | undefined): void {
  if (!run) throw new Problem('not_found');
  if (run.state === 'failed') throw new Problem('internal_error', 'The verification could not be finished.');
  res.set('Cache-Control', 'no-store');
  if (run.record) res.json(run.record);
  else res.status(202).set(underWay(run.id).headers).json(underWay(run.id).body);
}
