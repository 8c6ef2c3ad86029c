/** Which phase a match is in, by what a tournament's site says of it, and by what stands of one of our own rooms. Pure. */
import type { SessionStatus } from '../../court/sessions/session.ts';
import type { Phase } from './match.ts';

/** How long before its time a match is about to begin. */
const PRE_MATCH_MS = 15 * 60_000;

/** What a site says of a debate of a released draw. */
export interface DebateStand {
  result: 'none' | 'postponed' | 'draft' | 'confirmed';
  starts_at: string | null;
}

const BY_RESULT = { none: 'scheduled', postponed: 'postponed', draft: 'scoring', confirmed: 'finished' } as const;

/** @param said where its site's scoreboard says it */
export function phaseOfDebate({ result, starts_at }: DebateStand, now_ms: number, said?: Phase): Phase {
  return phaseInTime(said ?? BY_RESULT[result], starts_at, now_ms);
}

/** No site says when a debate begins: until it has a result it is under way from the time that it was set for. */
export function phaseInTime(said: Phase, starts_at: string | null, now_ms: number): Phase {
  if (said !== 'scheduled' || starts_at === null) return said;
  const left_ms = Date.parse(starts_at) - now_ms;
  if (left_ms <= 0) return 'live';
  return left_ms <= PRE_MATCH_MS ? 'pre_match' : 'scheduled';
}

/** A draw that is not released, or was taken back, is nobody's. */
export function isPublished({ draw_status }: { draw_status: string }): boolean {
  return draw_status === 'R';
}

export interface RoomStand {
  /** Null where the session is not created yet. */
  status: SessionStatus | null;
  cancelled_at: string | null;
  /** The match came from a feed, which has no confirmed result of it. */
  awaits_result: boolean;
}

export function phaseOfRoom({ status, cancelled_at, awaits_result }: RoomStand): Phase {
  if (status === 'completed') return awaits_result ? 'scoring' : 'finished';
  if (cancelled_at !== null) return 'cancelled';
  if (status === 'active') return 'live';
  if (status === 'paused') return 'break';
  return status === 'pending' ? 'pre_match' : 'scheduled';
}
