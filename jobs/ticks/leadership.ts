/**
 * Who leads, kept up to date: the lease is renewed every two seconds, and trusted without asking only until one second
 * before it runs out, counted from before the renewal on a clock that cannot jump. A machine whose clock is more than
 * a second away from the database's does not lead: it would fire ticks at the wrong time.
 */
import type pg from 'pg';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { LEASE_MS, lookAtLease, RESIGNED, releaseLease, renewLease, takeLease } from './lease.ts';
import type { Leader } from './tickLedger.ts';

export interface LeadershipOptions {
  pool: pg.Pool;
  holder: string;
  metrics: Metrics;
  log: Log;
  /** This machine's clock, in milliseconds since 1970. */
  wallClock?(): number;
  /** A new term has begun. */
  onLead(): void;
  onRenewed(): void;
  onLost(): void;
}

export interface Leadership {
  start(): void;
  /** The term to act in, while it can be trusted. */
  leader(): Leader | undefined;
  /** Gives the lease back, so that another leads at once. */
  close(): Promise<void>;
}

const RENEW_EVERY_MS = 2_000;
const SAFETY_MS = 1_000;
const MOST_SKEW_MS = 1_000;
/** A lease that is about to run out is looked at right after it has. */
const AFTER_EXPIRY_MS = 20;
const RELEASE_WITHIN_MS = 2_000;

export function createLeadership(options: LeadershipOptions): Leadership {
  const { pool, holder, metrics, log, onLead, onRenewed, onLost, wallClock = Date.now } = options;
  const db = pool as unknown as Queryable;
  let held: (Leader & { trusted_until: number }) | undefined;
  let listener: pg.PoolClient | undefined;
  let looking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let closing = false;
  let isCalled = false;
  let wasSkewed = false;

  function leader(): Leader | undefined {
    return held && performance.now() < held.trusted_until ? { holder, term: held.term } : undefined;
  }

  function lookAgain(in_ms: number): void {
    clearTimeout(timer);
    if (closing) return;
    timer = setTimeout(
      () => {
        isCalled = false;
        looking = looking.then(look).catch((err) => {
          log.warn({ err }, 'the lease could not be looked at');
          lookAgain(RENEW_EVERY_MS);
        });
      },
      isCalled ? 0 : in_ms,
    );
  }

  async function look(): Promise<void> {
    if (closing) return;
    const started = performance.now();
    await listen();
    const { left_ms, skew_ms, isSkewed } = await measure();
    if (isSkewed) await resign(skew_ms);
    else if (held) await renew(held, skew_ms);
    else if (left_ms === 0) await take(skew_ms);
    wasSkewed = isSkewed;
    const usual = RENEW_EVERY_MS - (performance.now() - started);
    lookAgain(Math.max(0, held || isSkewed ? usual : Math.min(usual, left_ms + AFTER_EXPIRY_MS)));
  }

  /** How far apart the clocks are for certain, whatever share of the round trip went either way. */
  async function measure() {
    const [began, sent_at] = [performance.now(), wallClock()];
    const { now_ms, left_ms } = await lookAtLease(db);
    const half_trip_ms = (performance.now() - began) / 2;
    const skew_ms = sent_at + half_trip_ms - now_ms;
    metrics.clockSkew.set(skew_ms / 1_000);
    return { left_ms, skew_ms, isSkewed: Math.abs(skew_ms) - half_trip_ms > MOST_SKEW_MS };
  }

  async function resign(skew_ms: number): Promise<void> {
    const seconds = Math.round(skew_ms / 100) / 10;
    if (!wasSkewed) log.error({ skew_seconds: seconds }, 'clock is too far from the database’s to lead: set it right');
    const lost = held;
    lose();
    if (lost) await releaseLease(db, lost);
  }

  async function renew({ term }: Leader, skew_ms: number): Promise<void> {
    const started = performance.now();
    if (!(await renewLease(db, { holder, term }, skew_ms))) {
      log.warn({ term }, 'the lease was lost');
      return lose();
    }
    // The answer may have come after the trust in the last one had ended.
    const wasTrusted = held !== undefined;
    trust(term, started);
    if (wasTrusted) onRenewed();
    else onLead();
  }

  async function take(skew_ms: number): Promise<void> {
    const started = performance.now();
    const term = await takeLease(db, holder, skew_ms);
    if (term === undefined) return;
    trust(term, started);
    log.info({ term, holder }, 'leading');
    onLead();
  }

  function trust(term: number, renewal_started: number): void {
    const trusted_until = renewal_started + LEASE_MS - SAFETY_MS;
    held = { holder, term, trusted_until };
    metrics.term.set(term);
    clearTimeout(expiry);
    expiry = setTimeout(() => {
      log.warn({ term }, 'the lease could not be renewed in time');
      lose();
    }, trusted_until - performance.now());
  }

  function lose(): void {
    clearTimeout(expiry);
    if (!held) return;
    held = undefined;
    metrics.term.set(0);
    onLost();
  }

  /** Hears of a lease that was given back. What is not heard is found by looking. */
  async function listen(): Promise<void> {
    if (listener) return;
    const client = await pool.connect();
    const drop = () => {
      if (listener !== client) return;
      listener = undefined;
      client.release(true);
    };
    client.on('error', drop);
    client.on('notification', () => {
      isCalled = true;
      lookAgain(0);
    });
    listener = client;
    await client.query(`listen ${RESIGNED}`).catch(drop);
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    const given = looking.then(async () => {
      const last = held;
      lose();
      if (last) await releaseLease(db, last);
    });
    // A database that does not answer is not waited for: the lease runs out by itself.
    await Promise.race([given, new Promise((resolve) => setTimeout(resolve, RELEASE_WITHIN_MS).unref())]).catch((err) =>
      log.warn({ err }, 'the lease could not be given back; it runs out by itself'),
    );
    lose();
    listener?.release(true);
    listener = undefined;
  }

  return { start: () => lookAgain(0), leader, close };
}
