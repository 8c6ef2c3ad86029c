/**
 * The clock of a turn. Pure: it knows only recorded instants, RFC 3339 UTC with milliseconds, and counts in whole
 * milliseconds. It runs while nothing holds it; whatever holds it is named, so that one cause does not undo another.
 */
import { z } from 'zod';

export const PAUSE_REASONS = ['bench', 'objection', 'session'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

export interface Timed {
  allotted_ms: number;
  extension_ms: number;
  started_at: string | null;
  ended_at: string | null;
  /** The sum of the pauses that are over. */
  paused_ms: number;
  paused_since: string | null;
  /** Sorted; the clock runs only while it is empty. */
  paused_by: readonly PauseReason[];
}

/** In payloads it is the clock right after the event: a listener counts down from it without asking again. */
export const clock = z.strictObject({
  /** Never below 0; what is beyond is overtime. */
  remaining_ms: z.int(),
  overtime_ms: z.int(),
  running: z.boolean(),
  /** When the time is up if nothing stops the clock; null while it stands. */
  deadline: z.string().nullable(),
});
export type Clock = z.output<typeof clock>;

export function budgetMs({ allotted_ms, extension_ms }: Timed): number {
  return allotted_ms + extension_ms;
}

/** How long the speaker has had the floor at that instant: elapsed less paused. */
export function spokenMs({ started_at, ended_at, paused_ms, paused_since }: Timed, at: string): number {
  if (started_at === null) return 0;
  const until = paused_since ?? ended_at ?? at;
  return Math.max(0, Date.parse(until) - Date.parse(started_at) - paused_ms);
}

function isRunning({ started_at, ended_at, paused_by }: Timed): boolean {
  return started_at !== null && ended_at === null && paused_by.length === 0;
}

export function deadlineOf(turn: Timed): string | null {
  if (!isRunning(turn)) return null;
  return new Date(Date.parse(turn.started_at!) + budgetMs(turn) + turn.paused_ms).toISOString();
}

export function clockAt(turn: Timed, at: string): Clock {
  const left_ms = budgetMs(turn) - spokenMs(turn, at);
  return {
    remaining_ms: Math.max(0, left_ms),
    overtime_ms: Math.max(0, -left_ms),
    running: isRunning(turn),
    deadline: deadlineOf(turn),
  };
}

/** Holds the clock for this reason from then on; what held it before goes on holding it. */
export function pausedBy<T extends Timed>(turn: T, reason: PauseReason, at: string): T {
  if (turn.paused_by.includes(reason)) return turn;
  return { ...turn, paused_by: [...turn.paused_by, reason].sort(), paused_since: turn.paused_since ?? at };
}

/** Takes this reason away; the clock runs again only where none is left. */
export function resumedFrom<T extends Timed>(turn: T, reason: PauseReason, at: string): T {
  if (!turn.paused_by.includes(reason)) return turn;
  const paused_by = turn.paused_by.filter((one) => one !== reason);
  if (paused_by.length > 0) return { ...turn, paused_by };
  const paused_ms = turn.paused_ms + Date.parse(at) - Date.parse(turn.paused_since!);
  return { ...turn, paused_by, paused_since: null, paused_ms };
}

/** Ends it; a pause that is still on ends with it. */
export function stoppedAt<T extends Timed>(turn: T, at: string): T {
  const running = turn.paused_by.reduce((held, reason) => resumedFrom(held, reason, at), turn);
  return { ...running, ended_at: at };
}
