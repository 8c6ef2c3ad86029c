/**
 * When the lease is checked: every two seconds, right after it may have run out, and at once when another scheduler
 * gives it back. What a check does is in term.ts.
 */

import type pg from 'pg';
import { withTimeout } from '../../src/core/withTimeout.ts';
import { timings } from '../../src/infra/timings.ts';
import { RESIGNED } from './lease.ts';
import { createTerm, type TermOptions } from './term.ts';
import type { Leader } from './tickLedger.ts';

export interface LeadershipOptions extends Omit<TermOptions, 'db'> {
  pool: pg.Pool;
}

export interface Leadership {
  start(): void;
  /** The term to act in, while it can be trusted. */
  leader(): Leader | undefined;
  /** Gives the lease back, so that another leads at once. */
  close(): Promise<void>;
}

export function createLeadership({ pool, ...options }: LeadershipOptions): Leadership {
  const { log } = options;
  const term = createTerm({ ...options, db: pool });
  const resignations = createResignations(pool, () => {
    isCalled = true;
    checkIn(0);
  });
  let checking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closing = false;
  /** The lease was given back since the last check began. */
  let isCalled = false;

  function checkIn(wait_ms: number): void {
    clearTimeout(timer);
    if (closing) return;
    timer = setTimeout(
      () => {
        isCalled = false;
        checking = checking.then(check).catch((err) => {
          log.warn({ err }, 'lease check failed');
          checkIn(timings.leadership.renew_every_ms);
        });
      },
      isCalled ? 0 : wait_ms,
    );
  }

  async function check(): Promise<void> {
    if (closing) return;
    const started = performance.now();
    await resignations.listen();
    const { isLeading, isSkewed, left_ms } = await term.check();
    const usual_ms = timings.leadership.renew_every_ms - (performance.now() - started);
    checkIn(
      Math.max(0, isLeading || isSkewed ? usual_ms : Math.min(usual_ms, left_ms + timings.leadership.after_expiry_ms)),
    );
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    // A database that does not answer is not waited for: the lease runs out by itself.
    const complaint = `the database did not answer within ${timings.leadership.release_within_ms} ms`;
    await withTimeout(checking.then(term.giveBack), timings.leadership.release_within_ms, complaint).catch((err) =>
      log.warn({ err }, 'lease not given back; it runs out by itself'),
    );
    term.lose();
    resignations.close();
  }

  return { start: () => checkIn(0), leader: term.leader, close };
}

/** Hears of a lease that was given back. A notification that is lost costs the time until the next check. */
function createResignations(pool: pg.Pool, onResigned: () => void) {
  let listener: pg.PoolClient | undefined;

  async function listen(): Promise<void> {
    if (listener) return;
    const client = await pool.connect();
    const drop = () => {
      if (listener !== client) return;
      listener = undefined;
      client.release(true);
    };
    client.on('error', drop);
    client.on('notification', onResigned);
    listener = client;
    await client.query(`listen ${RESIGNED}`).catch(drop);
  }

  function close(): void {
    listener?.release(true);
    listener = undefined;
  }

  return { listen, close };
}
