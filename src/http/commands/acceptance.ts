/**
 * Accepting commands: what arrives together is stored together, in one durable statement, and then one doorbell is
 * rung for it. The doorbell is not waited for: a command whose doorbell is lost is found by the workers' drain.
 */
import {
  type Acceptance,
  findFingerprint,
  readEarlier,
  type Submission,
  storeCommands,
} from '../../core/apply/inbox.ts';
import { type Bounds, createBatcher, LaneFull } from '../../core/batcher.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { BacklogWatch, Sender } from '../../infra/backlog/backlogWatch.ts';
import { isConnectionFault, isTransientFault } from '../../infra/postgres/database.ts';
import { doorbellEntryFor, type Queues } from '../../infra/queue/queue.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { createRoom } from './room.ts';

const LANES = 2;
const MAX_FLUSH = 256;
const TRY_FOR_MS = 2_000;
const TRY_AGAIN_MS = 100;
const MIB = 1_048_576;
/** By the text of the inputs. One statement holds up those behind it for no longer than a megabyte takes. */
const BOUNDS: Bounds<Submission> = {
  weigh: ({ input }) => JSON.stringify(input).length,
  ...{ batch_weight: MIB, waiting_weight: 32 * MIB, waiting: 10_000 },
};
/** For so long health tells of the last command that could not be stored, where none could be since. */
const TELLS_FOR_MS = 60_000;

export interface Acceptor {
  /** To be called before anything long is read. @throws {Problem} 503 where too much waits, or Postgres is away */
  demandRoom(sender: Sender): void;
  /** Resolves when the command is committed. @throws {Problem} 503: too much waits, or Postgres cannot be reached */
  accept(submission: Submission): Promise<Acceptance>;
  /** What the command under this key is compared by; undefined where there is none yet. */
  findFingerprint(idempotency: NonNullable<Submission['idempotency']>): Promise<string | null | undefined>;
  /** Resolves when everything handed over is settled. */
  idle(): Promise<void>;
  /** False while anybody is refused for what waits, and where the last command could not be stored. */
  isAccepting(): boolean;
}

export function createAcceptor({
  db,
  queues,
  backlog,
  isAway,
  metrics,
  log,
}: {
  db: Queryable;
  queues: Queues;
  backlog: BacklogWatch;
  /** Has Postgres been away for long? */
  isAway(): boolean;
  metrics: Metrics;
  log: Log;
}): Acceptor {
  const lanes = Array.from({ length: LANES }, () =>
    createBatcher(MAX_FLUSH, flush, isUnavailable, setImmediate, BOUNDS),
  );
  const room = createRoom(backlog, isAway, metrics);
  /** Of replays: no lane waits for them. */
  const lookUps = new Set<Promise<unknown>>();
  let failed_at: number | undefined;

  /** What was stored is answered and rung for at once, whatever becomes of asking which commands the rest are. */
  async function flush(batch: Submission[]): Promise<(Acceptance | Promise<Acceptance>)[]> {
    const started = performance.now();
    const { answer: stored, doubt } = await patiently(() => storeCommands(db, batch), started).catch((fault) => {
      if (isUnavailable(fault)) failed_at = performance.now();
      throw fault;
    });
    failed_at = undefined;
    metrics.acceptSeconds.observe((performance.now() - started) / 1_000);
    metrics.flushSize.observe(batch.length);
    ring(batch.filter(({ id }) => stored.has(id)));
    const rest = batch.filter(({ id }) => !stored.has(id));
    const earlier = rest.length > 0 ? findEarlier(rest, started, doubt) : undefined;
    if (earlier) keepUntilSettled(earlier);
    return batch.map(
      (one) => stored.get(one.id) ?? earlier!.then((found) => found[rest.indexOf(one)] ?? refusePruned()),
    );
  }

  function keepUntilSettled(lookUp: Promise<unknown>): void {
    const forget = () => void lookUps.delete(lookUp);
    lookUps.add(lookUp);
    lookUp.then(forget, forget);
  }

  /** @param doubt the fault that hid from us whether a first try had stored them, if there was one */
  async function findEarlier(
    batch: Submission[],
    started: number,
    doubt: unknown,
  ): Promise<(Acceptance | undefined)[]> {
    const { answer } = await patiently(() => readEarlier(db, batch), started).catch((fault) => {
      throw isUnavailable(fault) ? (doubt ?? new NotStored('it could not be asked', { cause: fault })) : fault;
    });
    // Stored by a try whose answer was lost: nobody has rung for it yet.
    ring(batch.filter((_, i) => isNew(answer[i])));
    return answer;
  }

  /** The same again after a lost connection, for a while. @returns the answer, and a fault that came after sending */
  async function patiently<T>(send: () => Promise<T>, started: number): Promise<{ answer: T; doubt: unknown }> {
    for (let doubt: unknown; ; ) {
      try {
        return { answer: await send(), doubt };
      } catch (fault) {
        if (!isUnavailable(fault)) throw fault;
        if (!wasRefused(fault)) doubt = fault;
        // Each of those that wait behind this batch would try for as long.
        if (isAway() || performance.now() - started > TRY_FOR_MS) throw doubt ?? fault;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }

  function ring(batch: Submission[]): void {
    const [first] = batch;
    if (!first) return;
    const name = batch.length === 1 ? first.name : `${first.name} +${batch.length - 1}`;
    queues
      .queue('commands')
      .add(name, { commands: batch.map(doorbellEntryFor) }, { jobId: first.id })
      .catch((err) => {
        metrics.ringFailures.inc();
        log.debug({ err }, 'the doorbell could not be rung; the drain will find the commands');
      });
  }

  async function accept(submission: Submission): Promise<Acceptance> {
    const subject = submission.streams[0]!;
    const sender = { institution_id: submission.institution_id, stream: subject };
    room.demand(sender);
    backlog.admit(sender);
    try {
      return await lanes[subject.charCodeAt(subject.length - 1) % LANES]!.push(submission);
    } catch (fault) {
      if (fault instanceof LaneFull) room.refuse('lane');
      if (!isUnavailable(fault)) throw fault;
      log.error({ err: fault }, 'the inbox cannot be reached');
      const detail = wasRefused(fault)
        ? 'Nothing of this request is stored.'
        : 'The answer of the commit was lost, so this may be stored. Try again, under the same Idempotency-Key: then it ' +
          'is accepted once, whatever became of this try.';
      throw new Problem('unavailable', detail, {}, { 'Retry-After': '2' });
    }
  }

  async function idle(): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.idle()));
    await Promise.allSettled(lookUps);
  }

  function isAccepting(): boolean {
    const isFailing = failed_at !== undefined && performance.now() - failed_at < TELLS_FOR_MS;
    return !isFailing && !backlog.isRefusing();
  }

  return {
    demandRoom: room.demand,
    accept,
    findFingerprint: (idempotency) => findFingerprint(db, idempotency),
    idle,
    isAccepting,
  };
}

function isNew(acceptance: Acceptance | undefined): boolean {
  return acceptance !== undefined && 'state' in acceptance && !acceptance.joined;
}

/** A command whose key or id was there before, and nobody could say as what. */
class NotStored extends Error {}

/** Its key is free again: sent again, it is stored. */
function refusePruned(): never {
  throw new NotStored('the command under this key was pruned before it could be looked up');
}

function isUnavailable(fault: unknown): boolean {
  return fault instanceof NotStored || isConnectionFault(fault) || isTransientFault(fault);
}

/** Nothing was stored: there was no connection to send on, or Postgres itself has answered that it stored nothing. */
function wasRefused(fault: unknown): boolean {
  if (fault instanceof NotStored) return true;
  const { code, message } = fault as { code?: string; message?: string };
  if (code === undefined) return /^timeout exceeded when trying to connect/.test(message ?? '');
  return isTransientFault(fault) || /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|57P03|53\w{3}|25006)$/.test(code);
}
