/** What workers do on queue `default`: each job by the function of its name. A job that only a newer version knows fails, and is seen. */
import type { Job } from 'bullmq';
import { FEED_RUN } from '../../src/feeds/imports/run.ts';
import type { ImportRunner } from './importRunner.ts';
import { HEAL_ROOMS, POLL_ROUND, POST_RESULT, type PollJob, SYNC_FEED, type SyncJob } from './jobs.ts';
import type { ResultRunner } from './resultRunner.ts';
import type { RoomFeed } from './roomFeed.ts';
import type { RoundStore } from './roundStore.ts';
import type { Rounds } from './rounds.ts';

/** Of one worker: most of each is waiting for a site, and a slow one must leave places to others. */
export const FEED_JOBS_AT_ONCE = 16;

export interface FeedJobsOptions {
  rooms: Pick<RoomFeed, 'heal'>;
  /** Removes what is kept no longer. */
  removeOld(): Promise<number>;
  roundStore: Pick<RoundStore, 'verifyLatest'>;
  /** Tells admins about what sources disagree. */
  tellDisputes(): Promise<number>;
  rounds: Pick<Rounds, 'poll' | 'sync'>;
  imports: Pick<ImportRunner, 'answer'>;
  results: Pick<ResultRunner, 'answer'>;
}

export function createFeedJobs(options: FeedJobsOptions) {
  const { rooms, removeOld, roundStore, tellDisputes, rounds, imports, results } = options;
  const work: Record<string, (job: Job) => Promise<object>> = {
    [HEAL_ROOMS]: async () => {
      await rooms.heal();
      await roundStore.verifyLatest();
      return { told: await tellDisputes(), removed: await removeOld() };
    },
    [POLL_ROUND]: (job) => rounds.poll(job.data as PollJob),
    [SYNC_FEED]: (job) => rounds.sync(job.data as SyncJob),
    [FEED_RUN]: imports.answer,
    [POST_RESULT]: results.answer,
  };

  async function answer(job: Job): Promise<object> {
    const run = work[job.name];
    if (!run) throw new Error(`no job is named ${job.name}`);
    return run(job);
  }

  return { answer };
}
