/**
 * What a room has not heard, it reads. A gap shows itself with the next event; a lost last event is told by a head
 * check. Either way there is a short grace, because the announcement may only be late, and one read at a time.
 */
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { StreamReaders } from './readers.ts';
import type { RecentEvents } from './recentEvents.ts';

export type Cause = 'gap' | 'tail' | 'prime';

export interface Healing {
  /** There is an event that is not next. */
  gapSeen(): void;
  /** The record is known to reach this far. */
  knownToReach(sequence: number, grace_ms: number): void;
  stop(): void;
}

export interface HealingOptions {
  session_id: string;
  readers: StreamReaders;
  metrics: Metrics;
  log: Log;
  /** Heard, but not next. */
  early: Map<number, ExportedEvent>;
  /** Called when the recent events have grown, or early events are gone. */
  onRead(): void;
  /** What was delivered is not in the record. */
  onFork(): void;
}

export const PAGE = 500;
const GAP_GRACE_MS = 25;

export function createHealing(recent: RecentEvents, options: HealingOptions): Healing {
  const { session_id, readers, metrics, log, early, onRead, onFork } = options;
  let reading = false;
  let expected = 0;
  let gapTimer: NodeJS.Timeout | undefined;
  let tailTimer: NodeJS.Timeout | undefined;
  let stopped = false;

  function gapSeen(): void {
    gapTimer ??= afterRead(() => {
      gapTimer = undefined;
      if (early.size > 0) void heal('gap');
    }, GAP_GRACE_MS);
  }

  function knownToReach(sequence: number, grace_ms: number): void {
    expected = Math.max(expected, sequence);
    if (stopped || sequence <= recent.head().event_sequence) return;
    tailTimer ??= afterRead(() => {
      tailTimer = undefined;
      if (recent.head().event_sequence < expected) void heal('tail');
    }, grace_ms);
  }

  async function heal(cause: Cause): Promise<void> {
    if (reading || stopped) return;
    reading = true;
    try {
      while (await readMore(cause));
    } catch (err) {
      log.warn({ err, session_id }, 'room catch-up failed, retrying at the next head check');
    } finally {
      reading = false;
    }
  }

  /** @returns true when there is more to read */
  async function readMore(cause: Cause): Promise<boolean> {
    const heard = [...early.keys()];
    const page = await readers.readEvents(session_id, recent.head().event_sequence, PAGE);
    if (stopped) return false;
    const gained = takeIn(recent, page, onBrokenLink);
    metrics.heals.inc({ cause }, gained);
    // Publishing follows the commit: what was heard before the read and is not in it was never committed.
    if (page.length === 0) for (const sequence of heard) early.delete(sequence);
    onRead();
    const isBehind = recent.head().event_sequence < Math.max(expected, ...heard);
    return gained > 0 && !stopped && (isBehind || page.length === PAGE);
  }

  /** The next event does not link to our head: the record has a gap, or our head was never committed (Postgres was restored). */
  function onBrokenLink({ event_sequence }: ExportedEvent): void {
    const head = recent.head();
    log.error({ session_id, head, event_sequence }, 'the next event of the record does not follow what was delivered');
    if (event_sequence === head.event_sequence + 1) onFork();
  }

  function stop(): void {
    stopped = true;
    clearTimeout(gapTimer);
    clearTimeout(tailTimer);
  }

  return { gapSeen, knownToReach, stop };
}

/** Where this process was busy all the while, the announcement may lie unread: it is read first. */
function afterRead(then: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(() => setImmediate(then), ms);
}

/** @returns how many of the page's events had not been heard meanwhile */
function takeIn(recent: RecentEvents, page: ExportedEvent[], onBrokenLink: (event: ExportedEvent) => void): number {
  let gained = 0;
  for (const event of page) {
    if (event.event_sequence <= recent.head().event_sequence) continue;
    if (!recent.append(event)) {
      onBrokenLink(event);
      break;
    }
    gained += 1;
  }
  return gained;
}
