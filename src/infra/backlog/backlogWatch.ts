/**
 * Which commands the API refuses for the backlog, polled each second, however many requests ask: all commands by what
 * workers could take, an institution's by its share of that, and a stuck stream's by what waits in that stream. What is
 * none of the court's has a part of the bound, and by that alone it is refused.
 */

import type pg from 'pg';
import { kindOf } from '../../core/definitions/stream.ts';
import { poll } from '../postgres/boundedRead.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { timings } from '../timings.ts';
import { APART, isStuckForLong } from './backlog.ts';
import { readWorkable, settledPerSecond, type Waiting } from './inboxLoad.ts';
import { createPart, type Part } from './part.ts';

/** What a command would wait behind. */
export interface Sender {
  institution_id: string | null;
  /** Its subject, where it is known by then. */
  stream?: string;
}

/** Why a command is not accepted: for all, its institution's share, its stream, or for what is none of the court's. */
export type Refusal = 'shut' | 'share' | 'stuck' | 'apart';

export interface BacklogWatch {
  refusalOf(sender: Sender): Refusal | undefined;
  /** To be told of every command that goes in, as the next poll comes late for a flood. */
  admit(sender: Sender): void;
  /** Are commands of the court refused for what waits? */
  isRefusing(): boolean;
  close(): void;
}

export interface BacklogWatchOptions {
  /** Of role `door`, for looks alone. */
  pool: pg.Pool;
  /** Kinds of streams that are none of the court's. */
  apart: readonly string[];
  /** Of these, the kinds that are let in however full their part is. */
  few?: readonly string[];
  metrics: Metrics;
  log: Log;
  every_ms?: number;
}

const EMPTY = { pending: 0, oldest_pending_seconds: 0, shares: [] };
const NOTHING: Waiting = { ...EMPTY, apart: EMPTY, waiting: 0, drawn: 0, at: 0, stuck: [] };

export async function startBacklogWatch(options: BacklogWatchOptions): Promise<BacklogWatch> {
  const { pool, metrics, log, every_ms = timings.probe.backlog_every_ms } = options;
  const parts = { court: createPart(1), apart: createPart(APART) };
  let seen = NOTHING;
  let per_second = 0;
  let stuck = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function pollAgain(): Promise<void> {
    // Also where the poll fails: what was settled meanwhile is not known either.
    for (const part of Object.values(parts)) part.forgetAdmitted();
    try {
      const found = await poll(pool, (db) => readWorkable(db, options.apart));
      per_second = settledPerSecond(per_second, seen, found);
      seen = found;
      judge();
    } catch (err) {
      log.debug({ err }, 'backlog poll failed; the last figures stay');
    }
    if (!closed) timer = setTimeout(() => void pollAgain(), every_ms).unref();
  }

  function judge(): void {
    for (const [name, part, load] of [
      ['court', parts.court, seen] as const,
      ['apart', parts.apart, seen.apart] as const,
    ]) {
      const before = { isShut: part.isShut(), refused: part.refused() };
      part.judge(load, per_second);
      logChanges(
        log,
        { pending: load.pending, oldest_pending_seconds: load.oldest_pending_seconds, per_second, part: name },
        before,
        part,
      );
    }
    stuck = new Set(seen.stuck.filter(isStuckForLong).map(({ stream }) => stream));
    observe(metrics, seen, parts.court);
  }

  const { apart, few = [] } = options;
  const isOf = (kinds: readonly string[], stream: string | undefined) =>
    stream !== undefined && kinds.includes(kindOf(stream));

  function refusalOf({ institution_id, stream }: Sender): Refusal | undefined {
    if (stream !== undefined && stuck.has(stream)) return 'stuck';
    const refusal = parts.court.refusalOf(institution_id);
    if (!isOf(apart, stream)) return refusal;
    if (refusal === 'shut') return refusal;
    return isOf(few, stream) ? undefined : parts.apart.refusalOf(institution_id) && 'apart';
  }

  function admit({ institution_id, stream }: Sender): void {
    const hasShare = !isOf(apart, stream);
    parts.court.admit(institution_id, hasShare);
    if (!hasShare) parts.apart.admit(institution_id);
  }

  await pollAgain();
  return {
    refusalOf,
    admit,
    isRefusing: parts.court.isRefusing,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function observe(metrics: Metrics, { apart, stuck, ...seen }: Waiting, court: Part): void {
  metrics.backlogged.set(Number(court.isShut()));
  metrics.refusedInstitutions.set(court.refused().size);
  metrics.stuckStreams.set(stuck.length);
  metrics.oldestWorkable.set(Math.max(seen.oldest_pending_seconds, apart.oldest_pending_seconds));
}

interface Figures {
  part: string;
  pending: number;
  oldest_pending_seconds: number;
  per_second: number;
}

function logChanges(
  log: Log,
  { per_second, ...waiting }: Figures,
  before: { isShut: boolean; refused: ReturnType<Part['refused']> },
  { isShut, refused }: Part,
): void {
  const figures = { ...waiting, per_second: Math.round(per_second), institutions: refused().size };
  if (isShut() !== before.isShut) {
    log.warn(figures, isShut() ? 'backlog is full: commands are refused' : 'backlog has room: commands are accepted');
  }
  for (const institution_id of refused()) {
    if (!before.refused.has(institution_id)) log.warn({ ...figures, institution_id }, 'institution over its share');
  }
}
