/**
 * Asking for a run of a feed, and waiting for it. It is written into Postgres before a worker is told of it; under an
 * Idempotency-Key it is one run; and however many wait in this process, one statement asks for all of them.
 */
import { newCommandId as newId } from '../../core/chain/ids.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { FEED_RUN, type RUN_KINDS, type RunToken } from '../../feeds/imports/run.ts';
import type { Queues } from '../../infra/queue/queue.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { createWaiters } from '../commands/waiters.ts';

export interface AskedRun {
  feed_id: string;
  institution_id: string;
  kind: (typeof RUN_KINDS)[number];
  input: object;
  actor: Actor;
  /** Null where the sender is known by no token. */
  token: RunToken | null;
  key: string | null;
  /** Hex; what a key is compared by. */
  fingerprint: string | null;
}

export interface FeedRuns {
  /** @returns the id of the run; `joined` where the key was one of before @throws {Problem} 422 or 429 */
  ask(asked: AskedRun): Promise<{ id: string; joined: boolean }>;
  /** Resolves when it is over, or after so many milliseconds. */
  within(id: string, ms: number): Promise<void>;
  /** The process is about to stop: nobody waits any longer. */
  hurry(): void;
}

export interface FeedRunsOptions {
  /** Role `door`. */
  db: Queryable;
  queues: Queues;
  metrics: Metrics;
  log: Log;
}

const POLL_EVERY_MS = 100;
const LAST_WAIT_MS = 200;
/** Of one feed: they are done one after the other. */
const MOST_WAITING = 10;

const ASK = {
  name: 'ask-for-feed-run',
  text: `
    with crowd as (
      select count(*) as waiting from feed_runs where feed_id = $2 and state in ('waiting', 'running')
    ), asked as (
      insert into feed_runs (id, feed_id, institution_id, kind, input, actor_id, actor_role, actor_institution_id,
        idempotency_key, fingerprint, token)
      select $1, $2, $3, $4, $5, $6, $7, $8, $9, decode($10, 'hex'), $11 from crowd where waiting < ${MOST_WAITING}
      on conflict do nothing returning id
    )
    select (select id from asked) as id, waiting from crowd`,
};
const EARLIER = {
  name: 'find-earlier-feed-run',
  text: `select id, encode(fingerprint, 'hex') as fingerprint from feed_runs where actor_id = $1 and idempotency_key = $2`,
};
const OVER = {
  name: 'find-feed-runs-over',
  text: `select id from feed_runs where id = any($1) and state in ('done', 'refused', 'failed')`,
};

export function createFeedRuns({ db, queues, metrics, log }: FeedRunsOptions): FeedRuns {
  const waiters = createWaiters<{ id: string }>();
  let isPolling = false;

  async function ask({ feed_id, institution_id, kind, input, actor, token, key, fingerprint }: AskedRun) {
    const earlier = key === null ? undefined : await findEarlier(actor.id, key, fingerprint);
    if (earlier !== undefined) return { id: earlier, joined: true };
    const who = [actor.id, actor.role, actor.institution_id];
    const values = [newId(), feed_id, institution_id, kind, JSON.stringify(input), ...who, key, fingerprint, token];
    const { rows } = await db.query<{ id: string | null; waiting: number }>({ ...ASK, values });
    const { id, waiting } = rows[0]!;
    if (id !== null) {
      ring(id);
      return { id, joined: false };
    }
    // Sent twice at the same moment.
    const same = key === null ? undefined : await findEarlier(actor.id, key, fingerprint);
    if (same !== undefined) return { id: same, joined: true };
    throw tooManyWait(waiting);
  }

  async function findEarlier(actor_id: string, key: string, fingerprint: string | null): Promise<string | undefined> {
    const { rows } = await db.query<{ id: string; fingerprint: string }>({ ...EARLIER, values: [actor_id, key] });
    const [found] = rows;
    if (found && found.fingerprint !== fingerprint) throw new Problem('idempotency_key_reused');
    return found?.id;
  }

  function ring(run_id: string): void {
    const added = queues.queue('default').add(FEED_RUN, { run_id }, { jobId: run_id });
    added.catch((err) => {
      metrics.ringFailures.inc();
      log.debug({ err, run_id }, 'ringing doorbell failed; the overdue poll finds the run');
    });
  }

  async function within(id: string, ms: number): Promise<void> {
    const waiting = waiters.add(id);
    if (!isPolling) pollLater();
    await waiting.within(ms).finally(waiting.cancel);
  }

  async function poll(): Promise<void> {
    try {
      const { rows } = await db.query<{ id: string }>({ ...OVER, values: [waiters.waitingFor(0)] });
      for (const row of rows) waiters.deliver(row);
    } catch (err) {
      log.debug({ err }, 'polling runs of feeds failed; asking again');
    }
    pollLater();
  }

  function pollLater(): void {
    isPolling = !waiters.isEmpty();
    if (isPolling) setTimeout(poll, POLL_EVERY_MS).unref();
  }

  return { ask, within, hurry: () => waiters.limit(LAST_WAIT_MS) };
}

function tooManyWait(waiting: number): Problem {
  const headers = { 'Retry-After': '5', 'X-RateLimit-Limit': `${MOST_WAITING}`, 'X-RateLimit-Remaining': '0' };
  const detail = `At most ${MOST_WAITING} runs wait at once for a feed, and ${waiting} do.`;
  return new Problem('rate_limited', detail, { limit: 'at_once' }, { ...headers, 'X-RateLimit-Reset': '5' });
}
