/**
 * Work whose doorbell was lost is found by polling: twice a second one statement asks of every kind of work whether
 * any is overdue, and only then is that kind polled. So a process at rest asks one cheap question, however many kinds
 * there are. A poll that takes long, or fails, holds up no other.
 */

import type pg from 'pg';
import { sha256 } from '../src/core/chain/sha256.ts';
import { poll } from '../src/infra/postgres/boundedRead.ts';
import { isTransientFault } from '../src/infra/postgres/database.ts';
import type { Log } from '../src/infra/telemetry/log.ts';
import { timings } from '../src/infra/timings.ts';

/** A kind of work. */
export interface OverdueWork {
  name: string;
  /** SQL that is true while there may be something to do: an index answers it. */
  waits: string;
  /** @param isClosing whether to begin no further portion: the process stops */
  poll(isClosing?: () => boolean): Promise<void>;
}

export interface OverduePoll {
  /** Polls no more, and resolves when the polls under way have ended. */
  close(): Promise<void>;
}

/** @param pool of role `worker`, for polls alone */
export function startOverduePoll(pool: pg.Pool, watched: readonly OverdueWork[], log: Log): OverduePoll {
  const text = `select ${watched.map(({ name, waits }) => `(${waits}) as "${name}"`).join(', ')}`;
  // Postgres cuts longer names.
  const statement = { name: `overduePoll ${sha256(text).slice(0, 16)}`, text };
  const polls = new Map<string, Promise<void>>();
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let asking = ask();

  async function ask(): Promise<void> {
    try {
      const waits = await poll(pool, async (db) => (await db.query<Record<string, boolean>>(statement)).rows[0]!);
      start(watched.filter(({ name }) => waits[name]));
    } catch (err) {
      log.warn({ err }, 'overdue poll failed');
      // Where that question takes too long, every kind is polled: each of these polls has its own bound.
      if (isTransientFault(err)) start(watched);
    }
    if (closing) return;
    const again =
      timings.applying.poll.least_ms + Math.random() * (timings.applying.poll.most_ms - timings.applying.poll.least_ms);
    timer = setTimeout(() => {
      asking = ask();
    }, again);
  }

  function start(some: readonly OverdueWork[]): void {
    for (const { name, poll: pollOne } of some) {
      if (closing || polls.has(name)) continue;
      const done = pollOne(() => closing)
        .catch((err) => log.warn({ err, work: name }, 'overdue work failed'))
        .finally(() => polls.delete(name));
      polls.set(name, done);
    }
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    await asking;
    await Promise.all(polls.values());
  }

  return { close };
}
