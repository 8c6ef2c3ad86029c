/** Syncing a feed, bringing a round of it in, and how a run that took longer came out. */
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { named } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { planAnswer, syncAnswer } from '../../feeds/imports/answer.ts';
import { importBody, syncBody } from '../../feeds/imports/run.ts';
import { runAnswer, runUnderWay } from '../../feeds/imports/runAnswers.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { answerUnderWay, demandEnabled, demandFeed, isUnderWay, readRun, resultOf, serveRun } from './serveRun.ts';

const REJECTS = ['draw_not_released', 'provider_failed', 'breaker_open', 'feed_disabled', 'confirm_plan'] as const;

function serving(kind: 'sync' | 'import', definition: () => RouteDefinition) {
  return (context: ApiContext): Serve =>
    async (req, res) => {
      const { body } = definition();
      const actor = (await enter(context, req, res, definition()))!;
      const json = await readJson(req, res);
      demandRole(actor, ADMINS);
      const input = parseBody(json, body!, []);
      const feed = await demandFeed(context, req, actor);
      demandEnabled(feed);
      await serveRun(context, req, res, { actor, feed, kind, input });
    };
}

export const importFeed = defineRoute({
  name: 'feed.import',
  route: 'POST /api/feed/:feed_id/import',
  summary: 'Make and change the matches of a round as the tournament software has them, or tell what would be done',
  roles: ADMINS,
  body: named('FeedImportRequest', importBody, { round: 1, unreleased: false, dry_run: true }),
  answer: planAnswer,
  accepted: runUnderWay,
  rejects: [...REJECTS, 'idempotency_key_reused'],
  serve: (context) => serving('import', () => importFeed)(context),
});

export const syncFeed = defineRoute({
  name: 'feed.sync',
  route: 'POST /api/feed/:feed_id/sync',
  summary: 'Read all rounds of the tournament software now: people, results, and which draws are released',
  roles: ADMINS,
  body: named('FeedSyncRequest', syncBody, {}),
  answer: syncAnswer,
  accepted: runUnderWay,
  rejects: ['provider_failed', 'breaker_open', 'feed_disabled', 'idempotency_key_reused'],
  serve: (context) => serving('sync', () => syncFeed)(context),
});

export const readFeedRun = defineRoute({
  name: 'feed.run',
  route: 'GET /api/feed/:feed_id/run/:run_id',
  summary: 'How a sync, an import or an upload came out that took longer than its request',
  roles: ADMINS,
  answer: runAnswer,
  accepted: runUnderWay,
  rejects: REJECTS,
  serve: serveFeedRun,
});

function serveFeedRun(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readFeedRun))!;
    demandRole(actor, ADMINS);
    const feed = await demandFeed(context, req, actor);
    const id = String(req.params.run_id).toLowerCase();
    const run = isUuid(id) ? await readRun(context, actor, feed.id, id) : undefined;
    if (!run) throw new Problem('not_found');
    if (isUnderWay(run)) return answerUnderWay(res, feed.id, id);
    const { kind, asked_at, finished_at } = run;
    res.set('Cache-Control', 'no-store').json({ run_id: id, kind, asked_at, finished_at, result: resultOf(run) });
  };
}
