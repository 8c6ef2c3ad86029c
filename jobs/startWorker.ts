/**
 * The worker as a part: it answers doorbells, polls for overdue commands, keeps the deadlines of turns, watches presence, and
 * runs timed jobs and verifications on request.
 */

import type { Job } from 'bullmq';
import type { Queryable } from '../src/core/sql/queryable.ts';
import { quietly } from '../src/infra/console/tellConsole.ts';
import { POLL_POOL_SIZE } from '../src/infra/postgres/boundedRead.ts';
import type { Backbone } from '../src/infra/process/backbone.ts';
import { erasuresFile } from '../src/infra/process/config.ts';
import type { Watch } from '../src/infra/process/watchdog.ts';
import { measureQueues } from '../src/infra/queue/measureQueues.ts';
import { JOBS_AT_ONCE } from '../src/infra/queue/queueNames.ts';
import { createHeadSigner } from '../src/infra/signer/heads.ts';
import { signerFiles } from '../src/infra/signer/signerFiles.ts';
import { openStateKey, stateKeyFile } from '../src/infra/stateKey.ts';
import { timings } from '../src/infra/timings.ts';
import { catalog } from '../src/modules.ts';
import { createApplier } from './apply/applyCommands.ts';
import type { CrashPoint } from './apply/attempt.ts';
import { followInbox } from './audit/followInbox.ts';
import { takeRefusals } from './audit/takeRefusals.ts';
import { createExpirer } from './court/expireTurns.ts';
import { DEADLINE } from './court/leaveDeadlines.ts';
import { createPresenceWatch } from './court/watchPresence.ts';
import { FEED_JOBS_AT_ONCE } from './feeds/feedJobs.ts';
import { openFeedWork } from './feeds/feedWork.ts';
import { createRoomFeed } from './feeds/roomFeed.ts';
import { createSequencer } from './log/sequencer.ts';
import { END_LOGIN, endSuspended } from './logins/endSuspended.ts';
import { createNoticeFanout } from './notices/noticeFanout.ts';
import { tellDevices } from './notices/tellDevices.ts';
import { type OverdueWork, startOverduePoll } from './overduePoll.ts';
import { onDemand, timetable } from './schedule.ts';
import { createSend } from './send/sendCommand.ts';
import { createWorkers, jobQueuesOf, type Served, type Serving, watchedOf } from './servedQueues.ts';
import { createTickRunner, type TickRunner } from './ticks/tickRunner.ts';
import { watchMark } from './upkeep/moveMark.ts';
import { anchorSources } from './verify/readAnchors.ts';
import { createRecordVerifier, VERIFICATIONS_AT_ONCE } from './verify/verifyRecord.ts';

export interface Running {
  db: Queryable;
  close(): Promise<void>;
}

const TIMED = new Set([...timetable, ...onDemand].flatMap(({ job }) => [job.name, job.formerly]));
const DOORBELLS_AT_ONCE = 32;
const APART_AT_ONCE = 8;
const POOL_SIZE = 6;
/** Timed jobs leave room for a verification on request. */
/** One that reads, and one that stores. */
const FEEDS_POOL_SIZE = 2;
const INTEGRITY_AT_ONCE = JOBS_AT_ONCE.integrity + VERIFICATIONS_AT_ONCE;
/** The maintenance, and one of each of the other queues. */
const OTHERS_AT_ONCE = JOBS_AT_ONCE.maintenance + JOBS_AT_ONCE.ml + JOBS_AT_ONCE.ledger + JOBS_AT_ONCE.policy;
const JOB_POOL_SIZE = JOBS_AT_ONCE.integrity + OTHERS_AT_ONCE + 1;
const VERIFIER_POOL_SIZE = INTEGRITY_AT_ONCE + JOBS_AT_ONCE.maintenance;

/**
 * @param reach is told of the moments at which a test may end the process
 * @param watch is told which command is being decided
 */
export async function startWorker(
  backbone: Backbone,
  reach?: (point: CrashPoint) => void,
  watch?: Watch,
): Promise<Running> {
  const { config, installation, queues, broadcast, heartbeat, metrics, log, blobs, fanout } = backbone;
  await queues.demandFit();
  const pool = backbone.openPool('worker', POOL_SIZE);
  const jobPool = backbone.openPool('worker', JOB_POOL_SIZE);
  const verifierPool = backbone.openPool('verifier', VERIFIER_POOL_SIZE, timings.postgres.verify_within_ms);
  const feedsPool = backbone.openPool('feeds', FEEDS_POOL_SIZE);
  const db = jobPool;
  const rooms = createRoomFeed({ db, feedsPool, publishMatch: fanout.publishMatch, log });
  const people = createNoticeFanout(db, quietly(broadcast), log);
  const applier = createApplier({
    pool,
    catalog,
    queues,
    broadcast,
    blobs,
    metrics,
    log,
    erasuresFile: erasuresFile(config),
    openStateKey: () => openStateKey(stateKeyFile(config, installation), log),
    ...{ touchRooms: rooms.touch, tellPeople: people.tell, cache: backbone.cache },
    ...(reach && { reach }),
    ...(watch && { watch }),
  });
  const expirer = createExpirer({ db, send: createSend({ db, catalog, queues, log, request_id: DEADLINE }), log });
  const { WORKER_QUEUES: served } = config;
  const own = jobQueuesOf(served);
  const runner = createTickRunner({ backbone, pool: jobPool, verifierPool, catalog, timetable, onDemand, queues: own });
  const sequencer = createSequencer({ pool: jobPool, broadcast, metrics, log });
  const presence = createPresenceWatch({ backbone, pool: jobPool, catalog });
  const sources = anchorSources(config, installation);
  const heads = createHeadSigner(signerFiles(config, installation).headKey, log);
  const verifier = createRecordVerifier({ db, verifierPool, blobs, sources, heads, broadcast, metrics, log });
  const feedWork = openFeedWork({ backbone, db: jobPool, feedsPool, rooms });
  const auditing = { pool: jobPool, queues, installation, log };
  const audit = [followInbox(auditing), takeRefusals(auditing)];
  const serving = servingOf({ applier, expirer, sequencer, verifier, feedWork, runner, audit });
  const answering = createWorkers(queues, served, serving);
  measureQueues(queues, metrics);
  await queues.run(answering);
  const polls = backbone.openPool('worker', POLL_POOL_SIZE);
  const logins = endSuspended(db, createSend({ db, catalog, queues, log, request_id: END_LOGIN }));
  const devices = tellDevices(jobPool, quietly(broadcast));
  const overduePoll = startOverduePoll(polls, [...watchedOf(served, serving), watchMark(db), logins, devices], log);
  presence.start();
  await heartbeat.join('worker', served);

  async function close(): Promise<void> {
    const left = heartbeat.leave('worker');
    // Awaited last: a look may wait for a database that does not answer until the applier is closed.
    const polled = overduePoll.close();
    expirer.close();
    sequencer.close();
    await presence.close();
    const runs = Promise.all([runner.close(), verifier.close(), feedWork.close()]);
    const workers = Promise.all([...answering.map((worker) => worker.close()), runs]);
    // While Redis is away BullMQ would wait for it; what is under way is the applier's to finish.
    const within = queues.isConnected() === false ? 0 : timings.stopping.worker_within_ms;
    await Promise.race([workers, new Promise((resolve) => setTimeout(resolve, within).unref())]);
    await applier.close();
    await Promise.all([rooms.close(), people.close()]);
    await feedWork.closeSites();
    await Promise.all([polled, left]);
    await Promise.all([pool.end(), jobPool.end(), verifierPool.end(), feedsPool.end(), polls.end()]);
  }

  return { db: pool, close };
}

interface Parts {
  applier: Pick<ReturnType<typeof createApplier>, 'answer' | 'watched'>;
  expirer: Pick<ReturnType<typeof createExpirer>, 'answer' | 'watched'>;
  sequencer: Pick<ReturnType<typeof createSequencer>, 'watched'>;
  verifier: Pick<ReturnType<typeof createRecordVerifier>, 'answer' | 'watched'>;
  feedWork: Pick<ReturnType<typeof openFeedWork>, 'answer' | 'watched'>;
  runner: Pick<TickRunner, 'answer' | 'watched'>;
  /** What keeps the audit trail. */
  audit: readonly OverdueWork[];
}

/** A queue that had jobs of its own before answers ticks by their names. */
function servingOf({ applier, expirer, sequencer, verifier, feedWork, runner, audit }: Parts): Serving {
  const ticks = [runner.watched];
  const answerCommand = async (job: Job) => (job.name === DEADLINE ? expirer.answer(job) : applier.answer(job));
  const orElse = (answer: Served['answer']) => (job: Job) => (TIMED.has(job.name) ? runner.answer(job) : answer(job));
  const applied = [applier.watched, expirer.watched, sequencer.watched];
  const jobs = (at_once: number): Served => ({ answer: runner.answer, at_once, watched: ticks });
  return {
    commands: { answer: answerCommand, at_once: DOORBELLS_AT_ONCE, watched: applied },
    apart: { answer: applier.answer, at_once: APART_AT_ONCE, watched: applied },
    integrity: {
      ...{ answer: orElse(verifier.answer), at_once: INTEGRITY_AT_ONCE },
      watched: [...ticks, verifier.watched],
    },
    maintenance: jobs(JOBS_AT_ONCE.maintenance),
    default: {
      ...{ answer: orElse(feedWork.answer), at_once: FEED_JOBS_AT_ONCE },
      watched: [...ticks, ...feedWork.watched],
    },
    ml: jobs(JOBS_AT_ONCE.ml),
    ledger: { ...jobs(JOBS_AT_ONCE.ledger), watched: [...ticks, ...audit] },
    policy: jobs(JOBS_AT_ONCE.policy),
  };
}
