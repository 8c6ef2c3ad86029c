/**
 * Verification at a level, asked for by those who answer for the record: of everything, of an institution or of a session. It is a
 * run, which a worker does; how it stands, and the report that it was signed with, is read here.
 */
import type { Response } from 'express';
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import { named, text } from '../../core/definitions/answers.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { pageOf, pageQuery, withinPage } from '../../core/definitions/page.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { instant, id as uuid } from '../../core/definitions/schemas.ts';
import { idOf } from '../../core/definitions/stream.ts';
import { parseCheckpoint } from '../../core/proof/checkpoint.ts';
import { parseNote } from '../../core/proof/note.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import { LEVELS, type Level } from '../../integrity/runs/verifyRun.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { runAnswer, runList, runUnderWay } from './operationAnswers.ts';

const MAX_NOTE = 16_384;
/** Timed jobs that store their reports. */
const TIMED_VERIFICATIONS = ['verify.recent', 'verify.everything'] as const;

const verifyBody = named(
  'VerifyRequest',
  z
    .strictObject({
      scope: text.regex(
        /^(all|session:[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})$/,
        'is all, or session: and the id of one',
      ),
      level: z.enum(LEVELS),
      checkpoint: text.max(MAX_NOTE).refine(isCheckpoint, 'is not the signed note of a checkpoint').exactOptional(),
    })
    .superRefine(({ level, checkpoint }, context) => {
      const add = (message: string) => context.addIssue({ code: 'custom', path: ['checkpoint'], message });
      if (level === 'anchored' && checkpoint === undefined) add('is needed at the level anchored');
      if (level !== 'anchored' && checkpoint !== undefined) add('is for the level anchored alone');
    }),
  { scope: `session:${EXAMPLE.session_id}`, level: 'log' },
);

function isCheckpoint(note: string): boolean {
  try {
    parseCheckpoint(parseNote(note).text);
    return true;
  } catch {
    return false;
  }
}

export const verifyAtLevel = defineRoute({
  name: 'integrity.begin',
  route: 'POST /integrity/verify',
  summary: 'Begin to verify everything, your institution or one session at a level',
  roles: ADMINS,
  body: verifyBody,
  accepted: runUnderWay,
  rejects: [],
  serve: serveVerify,
});

function serveVerify(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, verifyAtLevel))!;
    const body = await readJson(req, res);
    demandRole(actor, ADMINS);
    const asked = parseBody(body, verifyBody, []) as { scope: string; level: Level; checkpoint?: string };
    const { level, checkpoint = null } = asked;
    const scope = asked.scope.toLowerCase();
    if (scope !== 'all') await context.scopes.demand({ kind: 'session', id: idOf(scope) }, actor);
    const institution_id = actor.role === 'super_admin' ? null : actor.institution_id;
    const id = await context.verifyRuns.ask(institution_id, { scope, level, checkpoint });
    const { headers, body: answer } = underWay(id);
    res
      .status(202)
      .set({ ...headers, 'Cache-Control': 'no-store' })
      .json(answer);
  };
}

/** @returns what says of a run that it is under way, and where it will have ended */
export function underWay(id: string) {
  const location = `/integrity/runs/${id}`;
  const headers = { Location: location, 'Retry-After': '5' };
  return { headers, body: { run_id: id, status: 'running', location } as const };
}

export interface StoredRun {
  id: string;
  is_leveled: boolean;
  state: 'waiting' | 'running' | 'done' | 'failed';
  /** As global-verify answers it. */
  record: JsonObject | null;
  progress_done: number;
  progress_total: number;
}

const RUN = `id, job, scope, state, level, verdict, progress_done, progress_total, counts, findings, findings_omitted, anchors,
  started_at, finished_at, signed_report as report`;

/** Whose it is, the table's policy knows. */
export async function findRun({ reading }: ApiContext, actor: Actor, id: string): Promise<StoredRun | undefined> {
  if (!isUuid(id)) return undefined;
  const text = `select ${RUN}, is_leveled, report as record from integrity_runs where id = $1`;
  return reading.inScope(actor, null, async (db) => (await db.query<StoredRun>(text, [id])).rows[0]);
}

function runOf({ progress_done: done, progress_total: total, is_leveled: _, record: __, ...run }: StoredRun) {
  return { ...run, progress: { done, total } };
}

export const readRun = defineRoute({
  name: 'integrity.run',
  route: 'GET /integrity/runs/:run_id',
  summary: 'How a verification stands, and what it found',
  roles: ADMINS,
  answer: runAnswer,
  accepted: runAnswer,
  rejects: [],
  serve: serveRun,
});

function serveRun(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readRun))!;
    demandRole(actor, ADMINS);
    const run = await findRun(context, actor, String(req.params.run_id));
    if (!run) throw new Problem('not_found');
    res.set('Cache-Control', 'no-store');
    if (run.is_leveled) res.json(runOf(run));
    else answerOfGlobalVerify(res, run);
  };
}

/** Its answers stay what they were before there were levels, and have the run besides. */
function answerOfGlobalVerify(res: Response, run: StoredRun): void {
  if (run.state === 'failed') throw new Problem('internal_error', 'The verification could not be finished.');
  if (run.state === 'done') {
    res.json({ ...run.record, ...runOf(run) });
    return;
  }
  const { headers, body } = underWay(run.id);
  res
    .status(202)
    .set(headers)
    .json({ ...runOf(run), ...body });
}

const page = z.strictObject({ ...pageQuery([instant, uuid]), job: z.enum(TIMED_VERIFICATIONS).exactOptional() });

const PAGE = withinPage(`
  select ${RUN}, asked_at from integrity_runs
  where job is not distinct from $4 and ($1::timestamptz is null or (asked_at, id) < ($1, $2::uuid))
  order by asked_at desc, id desc limit $3`);

export const readRuns = defineRoute({
  name: 'integrity.runs',
  route: 'GET /integrity/runs',
  summary: 'Verifications that were asked for, or those of a timed job, the newest first',
  roles: ADMINS,
  query: page,
  answer: runList,
  rejects: [],
  serve: serveRuns,
});

function serveRuns(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readRuns))!;
    demandRole(actor, ADMINS);
    const query = demandQuery(page, req);
    const [time = null, id = null] = query.cursor ?? [];
    const rows = await context.reading.inScope(
      actor,
      null,
      async (db) =>
        (await db.query<StoredRun & { asked_at: string }>(PAGE, [time, id, query.limit + 1, query.job ?? null])).rows,
    );
    const body = pageOf(
      rows,
      query,
      ({ asked_at: _, ...row }) => runOf(row),
      (row) => [row.asked_at, row.id],
    );
    res.set('Cache-Control', 'no-store').json(body);
  };
}
