/**
 * Asking for a verification of the record, and waiting for it. That one is wanted is written into Postgres before
 * anybody is told of it, so a wipe of Redis loses none; equal ones under way are one; and however many
 * wait in this process, one statement asks for all of them.
 */
import { newCommandId as newId } from '../../core/chain/ids.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Queues } from '../../infra/queue/queue.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

export interface VerifyRuns {
  /** @returns the id of the run under way, begun now where there was none. @param institution_id null: everything */
  ask(institution_id: string | null): Promise<string>;
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
const ASK = {
  name: 'ask-for-verification',
  text: `
    with asked as (
      insert into integrity_runs (id, institution_id) values ($1, $2) on conflict do nothing returning id
    )
    select id, true as is_new from asked
    union all
    select id, false from integrity_runs
    where state in ('waiting', 'running') and institution_id is not distinct from $2
    order by is_new desc limit 1`,
};
const OVER = {
  name: 'find-verifications-over',
  text: `select id from integrity_runs where id = any($1) and state in ('done', 'failed')`,
};

export function createVerifyRuns({ db, queues, metrics, log }: VerifyRunsOptions): VerifyRuns {
  const asking = new Map<string | null, Promise<string>>();
  const waiting = new Map<string, Set<() => void>>();
  let isPolling = false;
  let isHurried = false;

  function ask(institution_id: string | null): Promise<string> {
    const asked = asking.get(institution_id) ?? store(institution_id).finally(() => asking.delete(institution_id));
    asking.set(institution_id, asked);
    return asked;
  }

  async function store(institution_id: string | null): Promise<string> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const values = [newId(), institution_id];
      const { rows } = await db.query<{ id: string; is_new: boolean }>({ ...ASK, values });
      const [run] = rows;
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
