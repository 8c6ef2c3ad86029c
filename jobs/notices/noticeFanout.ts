/** Tells people of what was committed, one event after the other and behind the commits: what it has no room for, or fails, is found again. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Publish } from '../../src/infra/console/tellConsole.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Telling } from './noticeOf.ts';
import { tellPeople } from './tellPeople.ts';

export interface NoticeFanout {
  tell(tellings: readonly Telling[]): void;
  /** Resolves when all that was taken is told. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Of a whole round that begins at once there are a few hundred. */
const MOST_WAITING = 5_000;

/** @param db of role `worker`; not the pool that applies commands */
export function createNoticeFanout(db: Queryable, publish: Publish, log: Log): NoticeFanout {
  let waiting: Telling[] = [];
  let telling: Promise<void> | undefined;
  let closing = false;

  function tell(tellings: readonly Telling[]): void {
    waiting.push(...tellings.slice(0, Math.max(0, MOST_WAITING - waiting.length)));
    if (waiting.length > 0 && !closing) telling ??= tellAll();
  }

  async function tellAll(): Promise<void> {
    while (waiting.length > 0 && !closing) {
      const round = waiting;
      waiting = [];
      for (const one of round) {
        if (closing) break;
        await tellPeople(db, publish, one).catch((err) =>
          log.warn({ err, event_id: one.event_id }, 'telling people failed; the next look finds the event'),
        );
      }
    }
    telling = undefined;
  }

  async function idle(): Promise<void> {
    while (telling) await telling;
  }

  async function close(): Promise<void> {
    closing = true;
    await idle();
  }

  return { tell, idle, close };
}
