/**
 * The lease as one scheduler has it: taken, renewed, lost or given back. A term is trusted without asking until one
 * second before it runs out, counted from before the renewal on a clock that cannot jump. A machine whose clock is more
 * than a second away from the database's does not lead: it would fire ticks at the wrong time.
 */

import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import { readLease, releaseLease, renewLease, takeLease } from './lease.ts';
import type { Leader } from './tickLedger.ts';

export interface TermOptions {
  db: Queryable;
  holder: string;
  metrics: Metrics;
  log: Log;
  /** This machine's clock, in milliseconds since 1970. */
  wallClock(): number;
  /** A new term has begun. */
  onLead(): void;
  onRenewed(): void;
  onLost(): void;
}

export interface Term {
  /** The term to act in, while it can be trusted. */
  leader(): Leader | undefined;
  /** Renews the lease, takes it where it is free, or resigns where the clocks differ too much. */
  check(): Promise<LeaseCheck>;
  giveBack(): Promise<void>;
  lose(): void;
}

export interface LeaseCheck {
  isLeading: boolean;
  /** How far this machine's clock is before the database's, and whether that is too far to lead. */
  skew_ms: number;
  isSkewed: boolean;
  /** How long the lease has to run; 0 when it is free. */
  left_ms: number;
}

export function createTerm({ db, holder, metrics, log, wallClock, onLead, onRenewed, onLost }: TermOptions): Term {
  let held: (Leader & { trusted_until: number }) | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let wasSkewed = false;

  async function check(): Promise<LeaseCheck> {
    const measured = await measureSkew(db, wallClock);
    const { left_ms, skew_ms, isSkewed } = measured;
    metrics.clockSkew.set(skew_ms / 1_000);
    if (isSkewed && !wasSkewed) logSkew(log, skew_ms);
    if (isSkewed) await giveBack();
    else if (held) await renew(held, skew_ms);
    else if (left_ms === 0) await take(skew_ms);
    wasSkewed = isSkewed;
    return { ...measured, isLeading: held !== undefined };
  }

  async function renew({ term }: Leader, skew_ms: number): Promise<void> {
    const started = performance.now();
    if (!(await renewLease(db, { holder, term }, skew_ms))) {
      log.warn({ term }, 'lost leadership');
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
    log.info({ term, holder }, 'became leader');
    onLead();
  }

  function trust(term: number, renewal_started: number): void {
    const trusted_until = renewal_started + timings.leadership.lease_ms - timings.leadership.safety_ms;
    held = { holder, term, trusted_until };
    metrics.term.set(term);
    clearTimeout(expiry);
    expiry = setTimeout(() => {
      log.warn({ term }, 'lease not renewed in time');
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

  async function giveBack(): Promise<void> {
    const last = held;
    lose();
    if (last) await releaseLease(db, last);
  }

  const leader = () => (held && performance.now() < held.trusted_until ? { holder, term: held.term } : undefined);
  return { leader, check, giveBack, lose };
}

function logSkew(log: Log, skew_ms: number): void {
  const skew_seconds = Math.round(skew_ms / 100) / 10;
  log.error({ skew_seconds }, 'clock is too far from the database’s to lead: set it right');
}

/** How far apart the clocks are for certain, whatever share of the round trip went either way. */
async function measureSkew(db: Queryable, wallClock: () => number) {
  const [began, sent_at] = [performance.now(), wallClock()];
  const { now_ms, left_ms } = await readLease(db);
  const half_trip_ms = (performance.now() - began) / 2;
  const skew_ms = sent_at + half_trip_ms - now_ms;
  return { left_ms, skew_ms, isSkewed: Math.abs(skew_ms) - half_trip_ms > timings.leadership.most_skew_ms };
}
