/**
 * A process notices that a newer version has migrated its database while it runs. A process that decides or
 * fires ends itself, as a supervisor then starts what is installed; one that only answers and delivers is not ready any
 * more, and goes on with the connections that it has.
 */

import type { Queryable } from '../../core/sql/queryable.ts';
import type { Step } from '../process/shutdown.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { OURS } from './schema.ts';

const NEWEST = {
  name: 'newest-migration',
  text: 'select name from public.knex_migrations order by id desc limit 1',
};

/** @param onNewer called once, when the newest migration is none of ours. @returns the step that ends the watch */
export function watchSchema(db: Queryable, log: Log, consequence: string, onNewer: () => void): Step {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  async function check(): Promise<void> {
    const found = await db.query<{ name: string }>(NEWEST).catch(() => undefined);
    const newest = found?.rows[0]?.name;
    if (isOver) return;
    if (newest === undefined || OURS.includes(newest)) {
      timer = setTimeout(() => void check(), timings.database.watch_schema_every_ms).unref();
      return;
    }
    log.fatal({ schema: newest, own: OURS.at(-1) }, `a newer version has migrated the database: ${consequence}`);
    onNewer();
  }

  void check();
  const run = () => {
    isOver = true;
    clearTimeout(timer);
  };
  return { name: 'schema watch', run };
}

/** For what decides or fires: it stops as by a signal, and ends with a code at which a supervisor starts it again. */
export function endOnNewerSchema(db: Queryable, log: Log): Step {
  return watchSchema(db, log, 'this process finishes what it has in hand and ends', () => {
    process.exitCode = 1;
    process.kill(process.pid, 'SIGTERM');
  });
}

/** For what only answers or delivers. */
export function unreadyOnNewerSchema(db: Queryable, log: Log, drain: () => void): Step {
  return watchSchema(db, log, 'this process is not ready any more', drain);
}
