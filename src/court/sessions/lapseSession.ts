/**
 * A session that was left open is ended by the system. The record says so in an event of its own, with the reason,
 * before it is sealed as every other; a turn whose time ran out unnoticed is flagged or ended first. A pending session
 * does not lapse: what never began has nothing to complete.
 */

import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { expiryOfActive, turnExpired, withExpired } from '../turns/expireTurn.ts';
import { sessionCompleted } from './completeSession.ts';
import { sessionStream, theSession } from './session.ts';
import { DIGEST_VERSION, stateDigest } from './sessionDigest.ts';
import { sessionResult } from './sessionResource.ts';
import { closed, refuseChange } from './sessionTransitions.ts';
import { refuseUnlessSilent } from './staleSession.ts';

export const sessionLapsed = defineEvent({
  stream: sessionStream,
  type: 'SESSION_LAPSED',
  payload: z.strictObject({ reason: privateText, last_event_at: z.string() }),
  evolve: (session) => session,
  project: () => [],
});

export const LAPSE_REASON = 'No event for 12 hours: the session was left open.';

export const lapseSession = defineSystemCommand({
  name: 'session.lapse',
  summary: 'End a session that was left open',
  body: z.strictObject({ session_id: id }),
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  decide({ session }, { now, heads }) {
    const head = heads.session!;
    const refusal = refuseChange(session, ['active', 'paused'], 'completed') ?? refuseUnlessSilent(head, now);
    if (refusal) return refusal;
    const late = expiryOfActive(session, now);
    const before = late ? withExpired(session, late, now) : session;
    const event_count = head.sequence + (late ? 3 : 2);
    const state_digest = stateDigest(closed(before, now, null));
    return [
      ...(late ? [turnExpired(late)] : []),
      sessionLapsed({ reason: LAPSE_REASON, last_event_at: head.occurred_at! }),
      sessionCompleted({ event_count, state_digest, digest_version: DIGEST_VERSION, recording_url: null }),
    ];
  },
  result: sessionResult,
  records: [turnExpired, sessionLapsed, sessionCompleted],
  rejects: ['invalid_transition', 'not_stale'],
});
