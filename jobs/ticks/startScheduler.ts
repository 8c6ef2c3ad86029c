/**
 * The scheduler as a part: many may run, one leads, and only the leader's cron fires ticks. The workers run
 * what it fires. What is due while none leads is
 * caught up by the next leader.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { waitAtMost } from '../../src/core/withTimeout.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { timings } from '../../src/infra/timings.ts';
import { createDispatcher } from '../feeds/dispatcher.ts';
import { openPace, tiersOf } from '../feeds/paces.ts';
import { type Line, timetable as wholeTimetable } from '../schedule.ts';
import { createCron } from './cron.ts';
import { createFiring, publishTimetable } from './fireTicks.ts';
import { createLeadership } from './leadership.ts';
import type { Leader } from './tickLedger.ts';

export interface Scheduler {
  db: Queryable;
  /** The term it leads in, while it does. */
  leader(): Leader | undefined;
  close(): Promise<void>;
}

export interface SchedulerOptions {
  timetable?: readonly Line[];
  /** This machine's clock, in milliseconds since 1970. */
  wallClock?(): number;
}

/** One for the listener, one for the lease and one for the ticks. */
const POOL_SIZE = 3;

export function startScheduler(backbone: Backbone, options: SchedulerOptions = {}): Scheduler {
  const { queues, heartbeat, metrics, log } = backbone;
  const { timetable = wholeTimetable, wallClock = Date.now } = options;
  const pool = backbone.openPool('worker', POOL_SIZE);
  const db: Queryable = pool;
  const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const leader = () => leadership.leader();
  const firing = createFiring({ db, queues, metrics, log, leader });
  const publish = () => publishTimetable(db, timetable);
  const cron = createCron({ ...firing, timetable, log, wallClock, leader, publish });
  const { onLead, onRenewed, onLost } = cron;
  const { demand } = backbone;
  const pace = openPace(backbone);
  const dispatching = { db, queues, demand, readPace: pace.read, tiersOf, metrics, log, leader, wallClock };
  const dispatcher = createDispatcher(dispatching);
  const leadership = createLeadership({ pool, holder, metrics, log, wallClock, onLead, onRenewed, onLost });

  async function close(): Promise<void> {
    cron.stop();
    const dispatched = dispatcher.close();
    const left = heartbeat.leave('scheduler');
    await waitAtMost(Promise.all([cron.idle(), dispatched]), timings.stopping.scheduler_within_ms);
    await leadership.close();
    pace.close();
    await left;
    await pool.end();
  }

  leadership.start();
  dispatcher.start();
  void heartbeat.join('scheduler');
  return { db, leader, close };
}
