/**
 * The doorbell's answer: applies the pending commands of the streams it is told about, in group transactions, then
 * publishes. It trusts the inbox alone, so that a doorbell may be late, doubled, shuffled or lost: the drain finds
 * every command that waits, and one that may have taken a process down is tried with its attempt counted first.
 */
import { SpanKind } from '@opentelemetry/api';
import type { Job } from 'bullmq';
import type pg from 'pg';
import type { Book } from '../src/core/command.ts';
import { type Decided, MAX_ATTEMPTS, type Outcome } from '../src/core/decide.ts';
import { execute, type PassOptions, record } from '../src/core/execute.ts';
import { createLane } from '../src/core/lane.ts';
import type { Queryable } from '../src/core/queryable.ts';
import { createStates } from '../src/core/states.ts';
import { addWork, type Work, workOf } from '../src/core/stream.ts';
import { countAttempts, lockStreams, type PendingCommand, readPending } from '../src/core/transaction.ts';
import { oldestWaiting } from '../src/core/waiting.ts';
import type { Broadcast } from '../src/infra/broadcast/broadcast.ts';
import { exclusively, inTransaction, isConnectionFault, isTransientFault } from '../src/infra/database.ts';
import type { Log } from '../src/infra/log.ts';
import type { Metrics } from '../src/infra/metrics.ts';
import type { Doorbell, Queues } from '../src/infra/queue.ts';
import { linksTo, tracer, within } from '../src/infra/tracing.ts';
import type { Watch } from '../src/infra/watchdog.ts';
import { announce } from './announce.ts';
import type { Watched } from './lookout.ts';

/** Moments at which a test may end the process. */
export type CrashPoint = 'before_transaction' | 'in_transaction' | 'after_commit' | 'after_publish';

export interface ApplierOptions {
  pool: pg.Pool;
  book: Book;
  queues: Queues;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
  /** Told which command is being decided. */
  watch?: Watch;
  reach?(point: CrashPoint): void;
}

export interface Applier {
  answer(job: Job<Doorbell>): Promise<{ id: string; status: string }[]>;
  /** What waits for longer than its doorbell should take. */
  watched: Watched;
  close(): Promise<void>;
}

interface Request {
  commands: { streams: string[] }[];
  suspect: boolean;
}

/** What a run has come to so far. */
interface Tally {
  outcomes: Outcome[];
  suspects: Map<string, string[]>;
}

/** How the commands of a pass are to be taken. */
type Care = Pick<PassOptions, 'counted' | 'wary'>;

const LANES = 2;
const LANE_BATCH = 64;
const PASS_COMMANDS = 1_024;
const COUNTED_AT_ONCE = 32;
const DRAIN_AFTER_MS = 500;
const DRAIN_STREAMS = 500;
/** The drain looks through so many commands at most: oldest first, so that nobody is passed over for long. */
const DRAIN_LOOKS_THROUGH = 2_000;
// Busy or not: what a worker had in hand when it was killed has no other doorbell.
const IS_OVERDUE = `accepted_at < clock_timestamp() - interval '${DRAIN_AFTER_MS} milliseconds'`;
export const COMMANDS_WAIT = `exists (select from (${oldestWaiting('accepted_at', 1)}) o where ${IS_OVERDUE})`;
export const OVERDUE = `
  select streams from (
    select distinct on (stream) stream, streams, position
    from (${oldestWaiting('stream, streams, position, accepted_at', DRAIN_LOOKS_THROUGH)}) w
    where ${IS_OVERDUE} order by stream, position) o
  where not exists (select from streams s where s.stream = o.stream and s.held_until > clock_timestamp())
  order by position limit $1`;
const RETRY_WAIT_MS = { first: 50, most: 1_000 };

export function createApplier({ pool, book, queues, broadcast, metrics, log, watch, reach }: ApplierOptions): Applier {
  const states = createStates(book);
  // BullMQ hands over one job at a time: there is nothing to wait for.
  const openLane = () => createLane<Request, Outcome[]>(LANE_BATCH, run, () => true, queueMicrotask);
  const lanes = Array.from({ length: LANES }, openLane);
  let closing = false;

  async function answer(job: Job<Doorbell>): Promise<{ id: string; status: string }[]> {
    const { commands } = job.data;
    const isAgain = job.attemptsStarted > 1 || job.stalledCounter > 0;
    if (isAgain) metrics.redeliveries.inc();
    if (log.isLevelEnabled('debug')) {
      for (const { id, request_id } of commands) log.debug({ job_id: job.id, command_id: id, request_id }, 'rung');
    }
    const outcomes = await submit(commands, isAgain);
    const settled = new Map(outcomes.map(({ id, status }) => [id, status]));
    return commands.map(({ id }) => ({ id, status: settled.get(id) ?? 'settled elsewhere' }));
  }

  /** Spreads commands over the lanes by their subject, so that one stream is never in two transactions of ours. */
  async function submit(commands: { streams: string[] }[], suspect: boolean): Promise<Outcome[]> {
    const shares = lanes.map((_, lane) => commands.filter(({ streams }) => laneOf(streams[0]!) === lane));
    const pushed = shares.map((share, i) => (share.length > 0 ? lanes[i]!.push({ commands: share, suspect }) : []));
    return (await Promise.all(pushed)).flat();
  }

  /** One lane's batch: every request gets all outcomes, and looks for its own. */
  async function run(requests: Request[]): Promise<Outcome[][]> {
    const workFor = (suspect: boolean) =>
      workOf(requests.flatMap((request) => (request.suspect === suspect ? request.commands : [])));
    const tally: Tally = { outcomes: [], suspects: workFor(true) };
    for (let work: Work = workFor(false); work.size > 0 && !closing; ) {
      work = await pass(work, limitFor(work), tally, { wary: true });
    }
    if (tally.suspects.size > 0) await runSuspects(tally);
    return requests.map(() => tally.outcomes);
  }

  /** Streams that another worker is trying just now are left to it. */
  async function runSuspects(tally: Tally): Promise<void> {
    await persistently(() =>
      exclusively(pool, [...tally.suspects.keys()], async (own, isLost) => {
        let work: Work = new Map([...tally.suspects].filter(([subject]) => own.has(subject)));
        while (work.size > 0 && !closing && !isLost()) work = await passSuspects(work, tally, isLost);
      }),
    );
  }

  /** One transaction; where the database faults it, smaller ones, until the command at fault stands alone. */
  async function pass(work: Work, limit: number, tally: Tally, care: Care): Promise<Work> {
    if (work.size === 0) return work;
    let fault: unknown;
    try {
      return settle(await attempt({ work, limit, ...care }), tally);
    } catch (thrown) {
      if (isUnavailable(thrown)) throw thrown;
      fault = thrown;
    }
    if (work.size === 1 && limit === 1) return settle(await attempt({ work, limit, ...care, fault }), tally);
    const again = new Map<string, string[]>();
    const middle = Math.ceil(work.size / 2);
    const halves = work.size > 1 ? [[...work].slice(0, middle), [...work].slice(middle)] : [[...work]];
    for (const half of halves) {
      const left = await pass(new Map(half), work.size > 1 ? limit : Math.ceil(limit / 8), tally, care);
      for (const streams of left.values()) addWork(again, streams);
    }
    return again;
  }

  function settle(decided: Decided, tally: Tally): Work {
    tally.outcomes.push(...decided.outcomes);
    for (const streams of decided.suspects.values()) addWork(tally.suspects, streams);
    return decided.again;
  }

  /**
   * Commands that may have taken a process down: their attempt is committed before it is made. What was tried before is
   * counted and tried in its turn and alone, so that it spends nobody's attempts but its own.
   */
  async function passSuspects(work: Work, tally: Tally, isLost: () => boolean): Promise<Work> {
    const { counted, firsts } = await count(work, (first) => first.attempts === 0);
    const fresh = workOf(firsts.filter((first) => first.attempts === 0));
    const again = new Map<string, string[]>();
    const left = await pass(fresh, COUNTED_AT_ONCE, tally, { counted });
    for (const streams of left.values()) addWork(again, streams);
    for (const first of firsts.filter(({ attempts }) => attempts > 0)) {
      if (closing || isLost()) break;
      const alone = workOf([first]);
      const { counted } = await count(alone, () => true);
      const rest = await pass(alone, 1, tally, counted.size > 0 ? { counted } : {});
      for (const streams of rest.values()) addWork(again, streams);
    }
    return again;
  }

  /** Commits the next attempts of those streams whose first command fits. A first command with none left is not counted. */
  async function count(work: Work, fits: (first: PendingCommand) => boolean) {
    return persistently(() =>
      inTransaction(pool, async (db) => {
        const { held } = await lockStreams(db, [...new Set([...work.values()].flat())]);
        const ready = [...work.keys()].filter((subject) => !held.has(subject));
        const { pending } = await readPending(db, ready, COUNTED_AT_ONCE);
        const firsts = pending.filter(({ stream }, i) => pending.findIndex((other) => other.stream === stream) === i);
        const fitting = new Set(firsts.filter(fits).map(({ stream }) => stream));
        const chosen = pending.filter(({ stream }) => fitting.has(stream));
        return { counted: await countAttempts(db, chosen, MAX_ATTEMPTS), firsts };
      }),
    );
  }

  /** One transaction with all that follows its commit. @throws a fault of the statement, never of the connection */
  async function attempt(options: PassOptions): Promise<Decided> {
    const span = tracer.startSpan('apply', { kind: SpanKind.CONSUMER });
    return within(span, async () => {
      const decided = await commitAndAnnounce(options);
      if (span.isRecording()) {
        span.addLinks(linksTo(decided.outcomes.map(({ traceparent }) => traceparent)));
        span.setAttribute('plearoll.outcomes', decided.outcomes.length);
      }
      return decided;
    });
  }

  async function commitAndAnnounce(options: PassOptions): Promise<Decided> {
    const started = performance.now();
    const decided = await persistently(() => {
      reach?.('before_transaction');
      const decide = async (db: Queryable) => {
        const decided = await execute(db, book, states, { ...options, watch });
        reach?.('in_transaction');
        return decided;
      };
      return inTransaction(pool, decide, { last: record });
    });
    reach?.('after_commit');
    metrics.transactionSeconds.observe((performance.now() - started) / 1_000);
    metrics.batchSize.observe(decided.outcomes.length);
    for (const [stream, held] of decided.moved) states.keep(stream, held);
    await announce({ queues, broadcast, metrics, log }, decided);
    reach?.('after_publish');
    return decided;
  }

  /** A lost connection, a deadlock or a lock held too long say nothing against a command: the same again. */
  async function persistently<T>(work: () => Promise<T>): Promise<T> {
    for (let wait = RETRY_WAIT_MS.first; ; wait = Math.min(wait * 2, RETRY_WAIT_MS.most)) {
      try {
        return await work();
      } catch (fault) {
        if (closing || !isUnavailable(fault)) throw fault;
        log.warn({ err: fault }, 'the database did not answer; trying again');
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async function drain(): Promise<void> {
    if (closing) return;
    const { rows } = await pool.query<{ streams: string[] }>(OVERDUE, [DRAIN_STREAMS]);
    if (rows.length === 0) return;
    metrics.drained.inc(rows.length);
    await submit(rows, false);
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all(lanes.map((lane) => lane.idle()));
  }

  return { answer, watched: { name: 'commands', waits: COMMANDS_WAIT, look: drain }, close };
}

/** It says nothing about a command. */
function isUnavailable(fault: unknown): boolean {
  return isConnectionFault(fault) || isTransientFault(fault);
}

function laneOf(stream: string): number {
  return stream.charCodeAt(stream.length - 1) % LANES;
}

/** Few streams: many commands of each. Many streams: fewer, so that a transaction stays short. */
function limitFor(work: Work): number {
  return Math.min(256, Math.max(8, Math.floor(PASS_COMMANDS / work.size)));
}
