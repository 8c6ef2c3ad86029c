/**
 * Which commands the API refuses for the backlog, polled each second, however many requests ask: all commands by what
 * workers could take, an institution's by its share of that, and a stuck stream's by what waits in that stream.
 */

import type pg from 'pg';
import { poll } from '../postgres/boundedRead.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { timings } from '../timings.ts';
import { isOverShare, isStuckForLong, isTooMuch, type Workable } from './backlog.ts';
import { readWorkable, settledPerSecond, type Waiting } from './inboxLoad.ts';

/** What a command would wait behind. */
export interface Sender {
  institution_id: string | null;
  /** Its subject, where it is known by then. */
  stream?: string;
}

/** Why a command is not accepted: for all, its institution's share, its stream. */
export type Refusal = 'shut' | 'share' | 'stuck';

export interface BacklogWatch {
  refusalOf(sender: Sender): Refusal | undefined;
  /** To be told of every command that goes in, as the next poll comes late for a flood. */
  admit(sender: Sender): void;
  /** Are commands refused for what waits? */
  isRefusing(): boolean;
  close(): void;
}

export interface BacklogWatchOptions {
  /** Of role `door`, for looks alone. */
  pool: pg.Pool;
  metrics: Metrics;
  log: Log;
  every_ms?: number;
}

const NOTHING: Waiting = { pending: 0, oldest_pending_seconds: 0, waiting: 0, drawn: 0, at: 0, shares: [], stuck: [] };

export async function startBacklogWatch(options: BacklogWatchOptions): Promise<BacklogWatch> {
  const { pool, metrics, log, every_ms = timings.probe.backlog_every_ms } = options;
  let seen = NOTHING;
  let per_second = 0;
  let isShut = false;
  let shares = new Map<string | null, number>();
  /** Institutions that are over their share. */
  let refused = new Set<string | null>();
  let stuck = new Set<string>();
  /** Accepted since the last poll. */
  let admitted = new Map<string | null, number>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function pollAgain(): Promise<void> {
    // Also where the poll fails: what was settled meanwhile is not known either.
    admitted = new Map();
    try {
      const found = await poll(pool, readWorkable);
      per_second = settledPerSecond(per_second, seen, found);
      seen = found;
      judge();
    } catch (err) {
      log.debug({ err }, 'backlog poll failed; the last figures stay');
    }
    if (!closed) timer = setTimeout(() => void pollAgain(), every_ms).unref();
  }

  function judge(): void {
    const workable = { ...seen, per_second };
    const before = { isShut, refused };
    isShut = isTooMuch(workable, isShut);
    shares = new Map(seen.shares.map(({ institution_id, pending }) => [institution_id, pending]));
    const over = [...shares].filter(([id, share]) => isOverShare(share, workable, before.refused.has(id)));
    refused = new Set(over.map(([id]) => id));
    stuck = new Set(seen.stuck.filter(isStuckForLong).map(({ stream }) => stream));
    observe(metrics, seen, { isShut, refused });
    logChanges(log, workable, before, { isShut, refused });
  }

  function refusalOf({ institution_id, stream }: Sender): Refusal | undefined {
    if (stream !== undefined && stuck.has(stream)) return 'stuck';
    const workable = withAdmitted();
    if (isShut || isTooMuch(workable, false)) return 'shut';
    const share = (shares.get(institution_id) ?? 0) + (admitted.get(institution_id) ?? 0);
    return isOverShare(share, workable, refused.has(institution_id)) ? 'share' : undefined;
  }

  /** What was seen, and what came in since. */
  function withAdmitted(): Workable {
    const workable: Workable = { ...seen, per_second };
    for (const count of admitted.values()) workable.pending += count;
    return workable;
  }

  function admit({ institution_id }: Sender): void {
    admitted.set(institution_id, (admitted.get(institution_id) ?? 0) + 1);
  }

  await pollAgain();
  return {
    refusalOf,
    admit,
    isRefusing: () => isShut || refused.size > 0 || isTooMuch(withAdmitted(), false),
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

interface Judgement {
  isShut: boolean;
  refused: ReadonlySet<string | null>;
}

function observe(metrics: Metrics, seen: Waiting, { isShut, refused }: Judgement): void {
  metrics.backlogged.set(Number(isShut));
  metrics.refusedInstitutions.set(refused.size);
  metrics.stuckStreams.set(seen.stuck.length);
  metrics.oldestWorkable.set(seen.oldest_pending_seconds);
}

function logChanges(log: Log, workable: Workable, before: Judgement, { isShut, refused }: Judgement): void {
  const { pending, oldest_pending_seconds, per_second } = workable;
  const figures = { pending, oldest_pending_seconds, per_second: Math.round(per_second), institutions: refused.size };
  if (isShut !== before.isShut) {
    log.warn(figures, isShut ? 'backlog is full: commands are refused' : 'backlog has room: commands are accepted');
  }
  for (const institution_id of refused) {
    if (!before.refused.has(institution_id)) log.warn({ ...figures, institution_id }, 'institution over its share');
  }
}
