/**
 * Asking for a verification of the record, and waiting for it. That one is wanted is written into Postgres before
 * anybody is told of it, so a wipe of Redis loses none; equal ones under way are one; and however many
 * wait in this process, one statement asks for all of them.
 */
import { newCommandId as newId } from '../../core/chain/ids.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Queues } from '../../infra/queue/queue.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Level } from '../../integrity/runs/verifyRun.ts';

export interface AskedLevel {
  /** `all`, or the stream of a session. */
  scope: string;
  level: Level;
  /** A signed note, for `anchored`. */
  checkpoint: string | null;
}

export interface VerifyRuns {
  /**
   * @returns the id of the run under way, begun now where there was none
   * @param institution_id null: everything
   * @param asked without it, as global-verify verifies
   * @throws {Problem} 429 where too many of the institution wait already
   */
  ask(institution_id: string | null, asked?: AskedLevel): Promise<string>;
  /** Resolves when it is over, or after so many milliseconds. */
  within(id: string, ms: number): Promise<void>;
  /** The process is about to stop: nobody waits any longer. */
  hurry(): void;
}

export interface VerifyRunsOptions {
  /** Role `door`. */
  db: Queryable;
  queues: Queues;
  metrics: Metrics;
  log: Log;
}

const POLL_EVERY_MS = 150;
/** The one under way may be over between the statement's snapshot and its end; then there is none, and we try again. */
const TRIES = 5;
/** Of one institution, and of those that may see everything. */
export const MOST_WAITING = 20;
const ASK = {
  name: 'ask-for-verification',
  text: `
    with equal as (
      select id from integrity_runs
      where state in ('waiting', 'running') and institution_id is not distinct from $2 and is_leveled = $3 and scope = $4
        and level = $5 and checkpoint is not distinct from $6
      limit 1
    ), crowd as (
      select count(*) as waiting from integrity_runs
      where state in ('waiting', 'running') and institution_id is not distinct from $2 and is_leveled
    ), asked as (
      insert into integrity_runs (id, institution_id, is_leveled, scope, level, checkpoint)
      select $1, $2, $3, $4, $5, $6 from crowd
      where not exists (select from equal) and (not $3 or waiting < ${MOST_WAITING})
      on conflict do nothing returning id
    )
    select id, true as is_new, false as is_crowded from asked
    union all
    select id, false, false from equal
    union all
    select null, false, true from crowd where $3 and waiting >= ${MOST_WAITING} and not exists (select from equal)
    limit 1`,
};
const OVER = {
  name: 'find-verifications-over',
  text: `select id from integrity_runs where id = any($1) and state in ('done', 'failed')`,
};

const AS_GLOBAL_VERIFY: AskedLevel = { scope: 'all', level: 'self', checkpoint: null };

interface Stored {
  id: string;
  is_new: boolean;
  is_crowded: boolean;
}

function tooManyWait(): Problem {
  const headers = { 'Retry-After': '5', 'X-RateLimit-Limit': `${MOST_WAITING}`, 'X-RateLimit-Remaining': '0' };
  const detail = `At most ${MOST_WAITING} verifications wait at once for an institution.`;
  return new Problem('rate_limited', detail, { limit: 'at_once' }, { ...headers, 'X-RateLimit-Reset': '5' });
}

export function createVerifyRuns({ db, queues, metrics, log }: VerifyRunsOptions): VerifyRuns {
  const asking = new Map<string, Promise<string>>();
  const waiting = new Map<string, Set<() => void>>();
  let isPolling = false;
  let isHurried = false;

  function ask(institution_id: string | null, asked?: AskedLevel): Promise<string> {
    const { scope, level, checkpoint } = asked ?? AS_GLOBAL_VERIFY;
    const values = [institution_id, asked !== undefined, scope, level, checkpoint];
    const key = JSON.stringify(values);
    const stored = asking.get(key) ?? store(values).finally(() => asking.delete(key));
    asking.set(key, stored);
    return stored;
  }

  async function store(values: unknown[]): Promise<string> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { rows } = await db.query<Stored>({ ...ASK, values: [newId(), ...values] });
      const [run] = rows;
      if (run?.is_crowded) throw tooManyWait();
      if (run?.is_new) ring(run.id);
      if (run) return run.id;
    }
    throw new Error('verifications begin and end faster than one can be asked for');
  }

  function ring(run_id: string): void {
    const added = queues.queue('integrity').add('verify.record', { run_id }, { jobId: run_id });
    added.catch((err) => {
      metrics.ringFailures.inc();
      log.debug({ err, run_id }, 'ringing doorbell failed; the overdue poll finds the verification');
    });
  }

  function within(id: string, ms: number): Promise<void> {
    if (isHurried) return Promise.resolve();
    return new Promise((resolve) => {
      const group = waiting.get(id) ?? new Set();
      waiting.set(id, group);
      const end = () => {
        clearTimeout(deadline);
        group.delete(end);
        if (group.size === 0 && waiting.get(id) === group) waiting.delete(id);
        resolve();
      };
      const deadline = setTimeout(end, ms);
      group.add(end);
      if (!isPolling) pollLater();
    });
  }

  function pollLater(): void {
    isPolling = waiting.size > 0;
    if (isPolling) setTimeout(poll, POLL_EVERY_MS).unref();
  }

  async function poll(): Promise<void> {
    try {
      const { rows } = await db.query<{ id: string }>({ ...OVER, values: [[...waiting.keys()]] });
      for (const { id } of rows) for (const end of waiting.get(id) ?? []) end();
    } catch (err) {
      log.debug({ err }, 'polling verifications failed; asking again');
    }
    pollLater();
  }

  function hurry(): void {
    isHurried = true;
    for (const group of waiting.values()) for (const end of group) end();
  }

  return { ask, within, hurry };
}
