/**
 * The doorbell's answer: applies the pending commands of the streams it is told about, in group transactions, then
 * publishes. It trusts the inbox alone, so that a doorbell may be late, doubled, shuffled or lost: the overdue poll
 * finds every command that waits.
 */
import type { Job } from 'bullmq';
import type { Outcome, Postponed } from '../../src/core/apply/outcome.ts';
import { createBatcher } from '../../src/core/batcher.ts';
import { courtLanes } from '../../src/core/definitions/lanes.ts';
import { apartKinds, laneOf, type Work, wayOf, workOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Doorbell } from '../../src/infra/queue/queue.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { type ApplierOptions, createAttempts } from './attempt.ts';
import { createBackOff } from './backOff.ts';
import { COMMANDS_WAIT, findOverdue } from './overdueCommands.ts';
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

const LANES = courtLanes.count;
/** More of them, so that no command waits behind those that yield, and none of the court's for what is apart from it. */
const PLACES = { behind: LANES, apart: LANES + 1 };
const LANE_BATCH = 64;

export function createApplier(options: ApplierOptions): Applier {
  const { pool, catalog, metrics, log } = options;
  const db: Queryable = pool;
  const isClosing = () => closing;
  const isApart = (subject: string) => wayOf(catalog.kinds, subject) === 'apart';
  const passes = createPasses(pool, createAttempts(options, isClosing), isClosing);
  const backOff = createBackOff({ retry, isApart, db, metrics, log });
  // BullMQ hands over one job at a time: there is nothing to wait for.
  const openLane = () => createBatcher<Request, Outcome[]>(LANE_BATCH, run, () => true, queueMicrotask);
  const lanes = Array.from({ length: PLACES.apart + 1 }, openLane);
  const aside = oneAtATime((err) => log.warn({ err }, 'overdue work apart failed'));
  let closing = false;

  function placeOf(subject: string): number {
    const way = wayOf(catalog.kinds, subject);
    return way === 'first' ? laneOf(subject, LANES) : PLACES[way];
  }

  async function retry(work: Work): Promise<ReadonlyMap<string, Postponed>> {
    return (await passes.run(work)).postponed;
  }

  async function answer(job: Job<Doorbell>): Promise<{ id: string; status: string }[]> {
    const { commands } = job.data;
    const isAgain = job.attemptsStarted > 1 || job.stalledCounter > 0;
    if (isAgain) metrics.redeliveries.inc();
    if (log.isLevelEnabled('debug')) {
      for (const { id, request_id } of commands) log.debug({ job_id: job.id, command_id: id, request_id }, 'rung');
    }
    const outcomes = await submit(commands, isAgain);
    const ended = new Map(outcomes.map(({ id, status }) => [id, status]));
    return commands.map(({ id }) => ({ id, status: ended.get(id) ?? 'settled elsewhere' }));
  }

  /** Spreads commands over the lanes by their subject, so that one stream is never in two transactions of ours. */
  async function submit(commands: { streams: string[] }[], suspect: boolean): Promise<Outcome[]> {
    const shares = lanes.map((_, lane) => commands.filter(({ streams }) => placeOf(streams[0]!) === lane));
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

  async function pollOverdue(): Promise<void> {
    if (closing) return;
    const free = [...backOff.withhold(workOf(await findOverdue(db, apartKinds(catalog.kinds)))).values()].map(
      (streams) => ({
        streams: [...streams],
      }),
    );
    if (free.length === 0) return;
    metrics.drained.inc(free.length);
    const beside = free.filter(({ streams }) => isApart(streams[0]!));
    // The next poll waits for the court's alone: while Redis is away it is all that finds them.
    aside(() => submit(beside, false));
    await submit(
      free.filter(({ streams }) => !isApart(streams[0]!)),
      false,
    );
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all([backOff.close(), ...lanes.map((lane) => lane.idle())]);
  }

  return { answer, watched: { name: 'commands', waits: COMMANDS_WAIT, poll: pollOverdue }, close };
}

/** Begins what it is given, unless what it was given before is still under way. */
function oneAtATime(onFault: (fault: unknown) => void): (begin: () => Promise<unknown>) => void {
  let isUnderWay = false;
  return (begin) => {
    if (isUnderWay) return;
    isUnderWay = true;
    void begin()
      .catch(onFault)
      .finally(() => {
        isUnderWay = false;
      });
  };
}
