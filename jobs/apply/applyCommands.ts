/**
 * The doorbell's answer: applies the pending commands of the streams it is told about, in group transactions, then
 * publishes. It trusts the inbox alone, so that a doorbell may be late, doubled, shuffled or lost: the drain finds
 * every command that waits, and one that may have taken a process down is tried with its attempt counted first.
 */
import type { Job } from 'bullmq';
import type { Outcome } from '../../src/core/apply/decideBatch.ts';
import { oldestWaiting } from '../../src/core/apply/waitingCommands.ts';
import { createBatcher } from '../../src/core/batcher.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Doorbell } from '../../src/infra/queue/queue.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { type ApplierOptions, createAttempts } from './attempt.ts';
import { createBackOff } from './backOff.ts';
import { createPasses } from './passes.ts';

export interface Applier {
  answer(job: Job<Doorbell>): Promise<{ id: string; status: string }[]>;
  /** What waits for longer than its doorbell should take. */
  watched: OverdueWork;
  close(): Promise<void>;
}

interface Request {
  commands: { streams: string[] }[];
  suspect: boolean;
}

const LANES = 2;
const LANE_BATCH = 64;
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

export function createApplier(options: ApplierOptions): Applier {
  const { pool, metrics, log } = options;
  const db = pool as unknown as Queryable;
  const isClosing = () => closing;
  const passes = createPasses(pool, createAttempts(options, isClosing), isClosing);
  const backOff = createBackOff({ retry: async (work) => (await passes.run(work)).postponed, db, metrics, log });
  // BullMQ hands over one job at a time: there is nothing to wait for.
  const openLane = () => createBatcher<Request, Outcome[]>(LANE_BATCH, run, () => true, queueMicrotask);
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
      backOff.withhold(workOf(requests.flatMap((request) => (request.suspect === suspect ? request.commands : []))));
    const { outcomes, postponed } = await passes.run(workFor(false), workFor(true));
    backOff.add(postponed);
    return requests.map(() => outcomes);
  }

  async function drain(): Promise<void> {
    if (closing) return;
    const { rows } = await db.query<{ streams: string[] }>(OVERDUE, [DRAIN_STREAMS]);
    const free = [...backOff.withhold(workOf(rows)).values()].map((streams) => ({ streams: [...streams] }));
    if (free.length === 0) return;
    metrics.drained.inc(free.length);
    await submit(free, false);
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all([backOff.close(), ...lanes.map((lane) => lane.idle())]);
  }

  return { answer, watched: { name: 'commands', waits: COMMANDS_WAIT, look: drain }, close };
}

function laneOf(stream: string): number {
  return stream.charCodeAt(stream.length - 1) % LANES;
}
