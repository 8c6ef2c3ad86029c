/**
 * Work that nobody rang for is found by looking: twice a second one statement asks of every kind of work whether any
 * waits, and only where some does is it looked at. So a process at rest asks one cheap question, however many kinds
 * there are. A look that takes long, or fails, holds up no other.
 */
import type pg from 'pg';
import { look } from '../src/infra/postgres/boundedRead.ts';
import { isTransientFault } from '../src/infra/postgres/database.ts';
import type { Log } from '../src/infra/telemetry/log.ts';

/** A kind of work. */
export interface OverdueWork {
  name: string;
  /** SQL that is true while there may be something to do: an index answers it. */
  waits: string;
  look(): Promise<void>;
}

export interface OverduePoll {
  /** Looks no more, and resolves when the looks under way have ended. */
  close(): Promise<void>;
}

/** Not in step with other workers. */
const EVERY_MS = { least: 400, most: 500 };

/** @param pool of role `worker`, for looks alone */
export function startOverduePoll(pool: pg.Pool, watched: readonly OverdueWork[], log: Log): OverduePoll {
  const text = `select ${watched.map(({ name, waits }) => `(${waits}) as "${name}"`).join(', ')}`;
  const statement = { name: `overduePoll for ${watched.map(({ name }) => name).join()}`, text };
  const looks = new Map<string, Promise<void>>();
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let asking = ask();

  async function ask(): Promise<void> {
    try {
      const waits = await look(pool, async (db) => (await db.query<Record<string, boolean>>(statement)).rows[0]!);
      lookAt(watched.filter(({ name }) => waits[name]));
    } catch (err) {
      log.warn({ err }, 'overdue poll failed');
      // Where it takes too long to say whether anything waits, it is looked at: each of these looks has its own bound.
      if (isTransientFault(err)) lookAt(watched);
    }
    if (closing) return;
    const again = EVERY_MS.least + Math.random() * (EVERY_MS.most - EVERY_MS.least);
    timer = setTimeout(() => {
      asking = ask();
    }, again);
  }

  function lookAt(some: readonly OverdueWork[]): void {
    for (const { name, look } of some) {
      if (closing || looks.has(name)) continue;
      const done = look()
        .catch((err) => log.warn({ err, work: name }, 'overdue work failed'))
        .finally(() => looks.delete(name));
      looks.set(name, done);
    }
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    await asking;
    await Promise.all(looks.values());
  }

  return { close };
}
