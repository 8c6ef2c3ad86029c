/** `GET /ops/queues`: what is in each queue, what of the timetable is run through it, and how long the oldest waits. */

import type { Queryable } from '../../core/sql/queryable.ts';
import { readQueues } from '../../infra/queue/queueStanding.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { queuesAnswer } from './operationAnswers.ts';

const OPERATORS = ['super_admin'] as const;

export const readQueueStanding = defineRoute({
  name: 'ops.queues',
  route: 'GET /ops/queues',
  summary: 'What waits in each queue, what is under way, and which jobs are run through it',
  roles: OPERATORS,
  answer: queuesAnswer,
  rejects: [],
  serve: serveQueues,
});

/** A tick is scheduled from when it is fired until it is begun, and again until its next attempt. */
const JOBS = {
  name: 'jobs-of-queues',
  text: `
    select queue, count(distinct name) filter (where is_known)::integer as registered,
      count(*) filter (where not is_known)::integer as scheduled
    from (
      select queue, name, true as is_known from schedules
      union all select queue, name, false from schedule_ticks where status = 'waiting'
    ) as jobs
    group by queue`,
};

interface Jobs {
  queue: string;
  registered: number;
  scheduled: number;
}

function serveQueues(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readQueueStanding))!;
    demandRole(actor, OPERATORS);
    const [standing, jobs] = await Promise.all([
      readQueues(context.queues),
      context.reading.inScope(actor, null, readJobs),
    ]);
    const items = standing.map(({ failed, oldest, ...counts }) => {
      const { scheduled = 0, registered = 0 } = jobs.get(counts.name) ?? {};
      return { ...counts, scheduled, registered, failed, oldest };
    });
    res.set('Cache-Control', 'no-store').json({ items, next_cursor: null });
  };
}

async function readJobs(db: Queryable): Promise<Map<string, Jobs>> {
  const { rows } = await db.query<Jobs>(JOBS);
  return new Map(rows.map((row) => [row.queue, row]));
}
