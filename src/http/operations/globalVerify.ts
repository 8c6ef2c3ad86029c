/**
 * `GET /integrity/global-verify`: the whole record checked by a worker, once for everybody who asks meanwhile. Past
 * 25 s the answer is 202 and the run's own address. The verdict is what stands in Postgres, and nothing else.
 */

import type { Response } from 'express';
import { isUuid } from '../../core/chain/ids.ts';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
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

export const readVerifyRun = defineRoute({
  name: 'integrity.run',
  route: 'GET /integrity/runs/:run_id',
  summary: 'How a verification stands',
  roles: ADMINS,
  answer: recordVerdict,
  accepted: runUnderWay,
  rejects: [],
  serve: serveVerifyRun,
});

interface Run {
  id: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  report: object | null;
}

const ANSWER_WITHIN_MS = 25_000;

function serveGlobalVerify(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, verifyGlobally))!;
    demandRole(actor, ADMINS);
    const id = await context.verifyRuns.ask(actor.role === 'super_admin' ? null : actor.institution_id);
    await context.verifyRuns.within(id, ANSWER_WITHIN_MS);
    answerRun(res, await findRun(context, actor, id));
  };
}

function serveVerifyRun(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readVerifyRun))!;
    demandRole(actor, ADMINS);
    answerRun(res, await findRun(context, actor, String(req.params.run_id)));
  };
}

/** Whose it is, the table's policy knows. */
async function findRun({ reading }: ApiContext, actor: Actor, id: string): Promise<Run | undefined> {
  if (!isUuid(id)) return undefined;
  const text = 'select id, state, report from integrity_runs where id = $1';
  return reading.inScope(actor, null, async (db) => (await db.query<Run>(text, [id])).rows[0]);
}

function answerRun(res: Response, run: Run | undefined): void {
  if (!run) throw new Problem('not_found');
  if (run.state === 'failed') throw new Problem('internal_error', 'The verification could not be finished.');
  res.set('Cache-Control', 'no-store');
  if (run.report) {
    res.json(run.report);
    return;
  }
  const location = `/integrity/runs/${run.id}`;
  res.status(202).set({ Location: location, 'Retry-After': '5' }).json({ run_id: run.id, status: 'running', location });
}
