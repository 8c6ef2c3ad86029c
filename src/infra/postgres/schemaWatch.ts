/**
 * A process notices that a newer version has migrated its database while it runs. A process that decides or
 * fires ends itself, as a supervisor then starts what is installed; one that only answers and delivers is not ready any
 * more, and goes on with the connections that it has.
 */

import type { Queryable } from '../../core/sql/queryable.ts';
import type { Step } from '../process/shutdown.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { APPLIED, type Applied, OURS, refusing } from './schema.ts';

const UNKNOWN = {
  name: 'unknown-migrations',
  text: `${APPLIED} where name <> all ($1) order by id`,
};

/** @param onNewer called once, when a migration is none of ours and does not accept us. @returns the step that ends the watch */
function watchSchema(db: Queryable, log: Log, consequence: string, onNewer: () => void): Step {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let isBeside = false;

  async function check(): Promise<void> {
    const found = await db.query<Applied>({ ...UNKNOWN, values: [OURS] }).catch(() => undefined);
    if (isOver) return;
    const newest = refusing(found?.rows ?? []).at(-1);
    if (newest === undefined) {
      tellBeside(found?.rows.at(-1)?.name);
      timer = setTimeout(() => void check(), timings.database.watch_schema_every_ms).unref();
      return;
    }
    log.fatal({ schema: newest, own: OURS.at(-1) }, `a newer version has migrated the database: ${consequence}`);
    onNewer();
  }

  function tellBeside(schema: string | undefined): void {
    if (schema === undefined || isBeside) return;
    isBeside = true;
    log.info(
      { schema, own: OURS.at(-1) },
      'a newer version has migrated the database, and accepts this process beside it',
    );
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
