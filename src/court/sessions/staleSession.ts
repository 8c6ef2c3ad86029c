/**
 * When a session's record has been silent for so long that nobody can still be at it. The clock is the record's own:
 * the time of its last event, as it stands under the lock.
 */
import type { Head } from '../../core/definitions/stream.ts';
import { reject } from '../problems.ts';

export const SILENT_AFTER_MS = 12 * 3_600_000;

/** @param head of a session; @returns undefined when its last event is old enough */
export function refuseUnlessSilent(head: Head, now: string) {
  const last_event_at = head.occurred_at!;
  if (Date.parse(now) - Date.parse(last_event_at) >= SILENT_AFTER_MS) return undefined;
  return reject('not_stale', `The last event is of ${last_event_at}, which is not long ago.`, { last_event_at });
}
