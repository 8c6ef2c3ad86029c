/**
 * Storing what arrived together: one durable statement, tried again for a while after a lost connection, and one
 * doorbell for what it stored. What it did not store was there before, and is looked up without holding up the lane.
 */

import { type Acceptance, readEarlier, type Submission, storeCommands } from '../../core/apply/inbox.ts';
import type { Catalog } from '../../core/definitions/command.ts';
import { type Way, wayOf } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { isTransientFault, isUnavailable } from '../../infra/postgres/database.ts';
import { doorbellEntryFor, doorbellFor, type Queues } from '../../infra/queue/queue.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { timings } from '../../infra/timings.ts';

export interface StoreOptions {
  db: Queryable;
  queues: Queues;
  kinds: Catalog['kinds'];
  /** Has Postgres been away for long? */
  isAway(): boolean;
  metrics: Metrics;
  log: Log;
}

export function createStore({ db, queues, kinds, isAway, metrics, log }: StoreOptions) {
  /** Of replays: no lane waits for them. */
  const lookUps = new Set<Promise<unknown>>();
  let failed_at: number | undefined;

  /** What was stored is answered and rung for at once, whatever becomes of asking which commands the rest are. */
  async function store(batch: Submission[]): Promise<(Acceptance | Promise<Acceptance>)[]> {
    const started = performance.now();
    const { answer: stored, doubt } = await patiently(() => storeCommands(db, batch), started, isAway).catch(
      (fault) => {
        if (wasNotAnswered(fault)) failed_at = performance.now();
        throw fault;
      },
    );
    failed_at = undefined;
    metrics.acceptSeconds.observe((performance.now() - started) / 1_000);
    metrics.flushSize.observe(batch.length);
    ring(batch.filter(({ id }) => stored.has(id)));
    const rest = batch.filter(({ id }) => !stored.has(id));
    const earlier = rest.length > 0 ? findEarlier(rest, started, doubt) : undefined;
    if (earlier) remember(earlier);
    return batch.map(
      (one) => stored.get(one.id) ?? earlier!.then((found) => found[rest.indexOf(one)] ?? demandUnpruned()),
    );
  }

  function remember(lookUp: Promise<unknown>): void {
    const forget = () => void lookUps.delete(lookUp);
    lookUps.add(lookUp);
    lookUp.then(forget, forget);
  }

  /** @param doubt the fault that hid from us whether a first try had stored them, if there was one */
  async function findEarlier(batch: Submission[], started: number, doubt: unknown) {
    const { answer } = await patiently(() => readEarlier(db, batch), started, isAway).catch((fault) => {
      throw wasNotAnswered(fault) ? (doubt ?? new NotStored('it could not be asked', { cause: fault })) : fault;
    });
    // Stored by a try whose answer was lost: no doorbell was rung for it.
    ring(batch.filter((_, i) => isNew(answer[i])));
    return answer;
  }

  function ring(batch: Submission[]): void {
    const ways = batch.map(({ streams }) => wayOf(kinds, streams[0]!));
    const apart = batch.filter((_, i) => ways[i] === 'apart');
    const others = batch.filter((_, i) => ways[i] !== 'apart');
    ringFor(apart, 'apart');
    ringFor(others, ways.includes('first') ? 'first' : 'behind');
  }

  function ringFor(batch: Submission[], way: Way): void {
    const [first] = batch;
    if (!first) return;
    const name = batch.length === 1 ? first.name : `${first.name} +${batch.length - 1}`;
    const { queue, options } = doorbellFor(way);
    const commands = batch.map(doorbellEntryFor);
    const added = queues.queue(queue).add(name, { commands }, { jobId: first.id, ...options });
    added.catch((err) => {
      metrics.ringFailures.inc();
      log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the commands');
    });
  }

  return {
    store,
    lookUpsEnded: async () => void (await Promise.allSettled(lookUps)),
    /** The last command could not be stored, not long ago. */
    isFailing: () => failed_at !== undefined && performance.now() - failed_at < timings.door.tells_for_ms,
  };
}

/** The same again after a lost connection, for a while. @returns the answer, and a fault that came after sending */
async function patiently<T>(
  send: () => Promise<T>,
  started: number,
  isAway: () => boolean,
): Promise<{ answer: T; doubt: unknown }> {
  for (let doubt: unknown; ; ) {
    try {
      return { answer: await send(), doubt };
    } catch (fault) {
      if (!wasNotAnswered(fault)) throw fault;
      if (!wasRefused(fault)) doubt = fault;
      // Each of those that wait behind this batch would try for as long.
      if (isAway() || performance.now() - started > timings.door.store_within_ms) throw doubt ?? fault;
      await new Promise((resolve) => setTimeout(resolve, timings.door.store_again_ms));
    }
  }
}

function isNew(acceptance: Acceptance | undefined): boolean {
  return acceptance !== undefined && 'state' in acceptance && !acceptance.joined;
}

/** A command whose key or id was there before, and could not be looked up. */
class NotStored extends Error {}

/** Its key is free again: sent again, it is stored. */
function demandUnpruned(): never {
  throw new NotStored('the command under this key was pruned before it could be looked up');
}

/** Postgres did not say what became of it, or could not be asked at all. */
export function wasNotAnswered(fault: unknown): boolean {
  return fault instanceof NotStored || isUnavailable(fault);
}

/** Nothing was stored: there was no connection to send on, or Postgres itself has answered that it stored nothing. */
export function wasRefused(fault: unknown): boolean {
  if (fault instanceof NotStored) return true;
  const { code, message } = fault as { code?: string; message?: string };
  if (code === undefined) return /^timeout exceeded when trying to connect/.test(message ?? '');
  return isTransientFault(fault) || /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|57P03|53\w{3}|25006)$/.test(code);
}
