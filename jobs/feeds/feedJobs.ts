/** What workers do on queue `default`: each job by the function of its name. A job that only a newer version knows fails, and is seen. */
import type { Job } from 'bullmq';
import { FEED_RUN, type ImportRunner } from './importRunner.ts';
import type { RoomFeed } from './roomFeed.ts';

/** Of one worker, imports included: most of each is waiting for a site. */
export const FEED_JOBS_AT_ONCE = 4;

/** Reads rooms again of which something was missed. */
export const HEAL_ROOMS = 'rooms.heal';

export interface FeedJobsOptions {
  rooms: Pick<RoomFeed, 'heal'>;
  imports: Pick<ImportRunner, 'answer'>;
}

export function createFeedJobs({ rooms, imports }: FeedJobsOptions) {
  const work: Record<string, (job: Job) => Promise<object>> = {
    [HEAL_ROOMS]: async () => {
      await rooms.heal();
      return {};
    },
    [FEED_RUN]: imports.answer,
  };

  async function answer(job: Job): Promise<object> {
    const run = work[job.name];
    if (!run) throw new Error(`no job is named ${job.name}`);
    return run(job);
  }

  return { answer };
}
