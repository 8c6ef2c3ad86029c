/**
 * Takes participants out of the room who came to a session that did not begin and whose record is silent for 12 hours. In one that
 * began nobody is left over: `close.stale` completes it, and with that they leave.
 */
import { defineJob } from '../job.ts';
import { sendToSilentSessions } from '../send/sendToSilentSessions.ts';

const WAITED_FOR = `s.status = 'pending' and exists (
  select from session_participations p where p.session_id = s.id and p.status <> 'disconnected')`;

export const expireParticipants = defineJob({
  name: 'expire.participants',
  summary: 'Takes participants out of pending sessions that had no event for 12 hours',
  most_ms: 60_000,
  run: (tools) => sendToSilentSessions(tools, 'expire.participants', 'participants.expire', WAITED_FOR),
});
