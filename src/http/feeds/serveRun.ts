/** Asking a worker to do something with a feed, and answering what it came to; 202 with the place to ask where that takes longer. */
import canonicalize from 'canonicalize';
import type { Request, Response } from 'express';
import { isUuid } from '../../core/chain/ids.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { InputError } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem, type ProblemBody } from '../../core/definitions/problem.ts';
import { type Feed, findFeed } from '../../feeds/feed.ts';
import { reject } from '../../feeds/feedProblems.ts';
import type { RUN_KINDS, RunToken } from '../../feeds/imports/run.ts';
import { type Identity, LEEWAY_SECONDS } from '../../infra/identity.ts';
import type { ApiContext } from '../door/door.ts';
import { demandValid, listFaults } from '../door/inputErrors.ts';
import { callerOf } from '../door/limits.ts';
import { readIdempotencyKey, readPreferences } from '../door/preferences.ts';

/** Without a preference: a site of others takes longer than a command. */
const USUAL_WAIT_MS = 25_000;

interface Asking {
  actor: Actor;
  feed: Feed;
  kind: (typeof RUN_KINDS)[number];
  input: object;
}

/** @throws {Problem} 404 */
export async function demandFeed({ reading }: ApiContext, req: Request, actor: Actor): Promise<Feed> {
  const id = String(req.params.feed_id).toLowerCase();
  const feed = isUuid(id) ? await reading.inScope(actor, null, (db) => findFeed(db, id)) : undefined;
  if (!feed) throw new Problem('not_found');
  return feed;
}

/** @throws {Problem} 409 */
export function demandEnabled({ state }: Feed): void {
  if (state !== 'enabled') throw new Problem(reject('feed_disabled', 'The feed is switched off.'));
}

export async function serveRun(
  context: ApiContext,
  req: Request,
  res: Response,
  { actor, feed, kind, input }: Asking,
): Promise<void> {
  const faults: InputError[] = [];
  const key = readIdempotencyKey(req, faults);
  demandValid(listFaults(faults));
  const fingerprint = key === null ? null : sha256(`${req.method} ${req.path}\n${canonicalize(input)}`);
  const token = tokenOf(context.tokens.identityOf(actor));
  const asked = { feed_id: feed.id, institution_id: feed.institution_id, kind, input, actor, token, key, fingerprint };
  const { id, joined } = await context.feedRuns.ask(asked);
  if (joined) res.set('Idempotent-Replayed', 'true');
  const { wait_ms, applied } = readPreferences(req);
  if (applied.length > 0) res.set('Preference-Applied', applied.join(', '));
  res.vary('Prefer');
  const patience_ms = applied.length > 0 ? wait_ms : USUAL_WAIT_MS;
  const endWait = patience_ms > 0 ? context.waits.begin(callerOf(req, actor)) : undefined;
  try {
    if (endWait) await context.feedRuns.within(id, patience_ms);
  } finally {
    endWait?.();
  }
  const run = await readRun(context, actor, feed.id, id);
  if (!run) throw new Problem('not_found');
  if (isUnderWay(run)) answerUnderWay(res, feed.id, id);
  else res.set('Cache-Control', 'no-store').json(resultOf(run));
}

function tokenOf(identity: Identity | undefined): RunToken | null {
  if (identity === undefined) return null;
  const { names, issued_at } = identity.origin;
  return { names, issued_at, taken_until: identity.expires_at + LEEWAY_SECONDS };
}

export interface StoredRun {
  id: string;
  kind: (typeof RUN_KINDS)[number];
  state: 'waiting' | 'running' | 'done' | 'refused' | 'failed';
  answer: JsonObject | null;
  problem: ProblemBody | null;
  asked_at: string;
  finished_at: string | null;
}

const RUN = `select id, kind, state, answer, problem, asked_at, finished_at from feed_runs where feed_id = $1 and id = $2`;

/** Whose it is, the table's policy knows. */
export function readRun({ reading }: ApiContext, actor: Actor, feed_id: string, id: string) {
  const read = { name: 'read-feed-run', text: RUN, values: [feed_id, id] };
  return reading.inScope(actor, null, async (db) => (await db.query<StoredRun>(read)).rows[0]);
}

export const isUnderWay = ({ state }: StoredRun) => state === 'waiting' || state === 'running';

export function answerUnderWay(res: Response, feed_id: string, run_id: string): void {
  const location = `/api/feed/${feed_id}/run/${run_id}`;
  res.status(202).set({ Location: location, 'Retry-After': '1', 'Cache-Control': 'no-store' });
  res.json({ run_id, status: 'running', location });
}

/** @throws {Problem} what it was refused with, or 500 where it failed */
export function resultOf({ state, answer, problem }: StoredRun): JsonObject {
  if (state === 'failed') throw new Problem('internal_error', 'The run could not be finished.');
  if (problem) throw new Problem({ rejected: problem.code, problem });
  return answer!;
}
