/**
 * `GET /integrity/global-verify`: the whole record checked by a worker, as a job that everybody who asks meanwhile
 * shares. Past 25 s the answer is 202 and the run's own address.
 */
import { randomUUID as uuid } from 'node:crypto';
import type { Job } from 'bullmq';
import type { Request, Response } from 'express';
import { isUuid } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { type Actor, ADMINS } from '../core/roles.ts';
import { type Desk, demandRole, enter } from './door.ts';

export const globalVerifyRoute = { route: 'GET /integrity/global-verify', roles: ADMINS } as const;
export const verifyRunRoute = { route: 'GET /integrity/runs/:run_id', roles: ADMINS } as const;

/** What a run checks: one institution, or with null everything. */
export interface VerifyRequest {
  institution_id: string | null;
}

const ANSWER_WITHIN_MS = 25_000;
const LOOK_EVERY_MS = 100;

export function serveGlobalVerify(desk: Desk) {
  return async (req: Request, res: Response): Promise<void> => {
    const actor = (await enter(desk, req, res, globalVerifyRoute))!;
    demandRole(actor, ADMINS);
    const institution_id = scopeOf(actor);
    const job = await desk.queues
      .queue('integrity')
      .add(
        'verify.record',
        { institution_id },
        { jobId: uuid(), deduplication: { id: `verify ${institution_id ?? 'everything'}` } },
      );
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    let run = await findRun(desk, actor, job.id!);
    while (run && !run.finishedOn && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      run = await findRun(desk, actor, job.id!);
    }
    answerRun(res, run);
  };
}

export function serveVerifyRun(desk: Desk) {
  return async (req: Request, res: Response): Promise<void> => {
    const actor = (await enter(desk, req, res, verifyRunRoute))!;
    demandRole(actor, ADMINS);
    answerRun(res, await findRun(desk, actor, String(req.params.run_id)));
  };
}

function scopeOf(actor: Actor): string | null {
  return actor.role === 'super_admin' ? null : actor.institution_id;
}

async function findRun({ queues }: Desk, actor: Actor, id: string): Promise<Job<VerifyRequest> | undefined> {
  if (!isUuid(id)) return undefined;
  const job: Job<VerifyRequest> | undefined = await queues.queue('integrity').getJob(id);
  const isOwn = actor.role === 'super_admin' || job?.data.institution_id === actor.institution_id;
  return isOwn ? job : undefined;
}

function answerRun(res: Response, run: Job<VerifyRequest> | undefined): void {
  if (!run) throw new Problem('not_found');
  if (run.failedReason) throw new Problem('internal_error', 'The verification could not be finished.');
  res.set('Cache-Control', 'no-store');
  if (run.finishedOn) {
    res.json(run.returnvalue);
    return;
  }
  const location = `/integrity/runs/${run.id}`;
  res.status(202).set({ Location: location, 'Retry-After': '5' }).json({ run_id: run.id, status: 'running', location });
}
