/**
 * Ends sessions that were left open: active or paused, with no event for 12 hours. Pending ones stay, however long ago
 * they were to begin: what never began has nothing to complete.
 */
import { defineJob } from '../job.ts';
import { sendToSilentSessions } from '../send/sendToSilentSessions.ts';

export const closeStale = defineJob({
  name: 'close.stale',
  summary: 'Completes active and paused sessions that had no event for 12 hours',
  most_ms: 60_000,
  run: (tools) => sendToSilentSessions(tools, 'close.stale', 'session.lapse', `s.status in ('active', 'paused')`),
});
