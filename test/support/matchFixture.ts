/** One match as the specifications speak of it: fixed people, fixed ids, and the events that bring a session somewhere. */

import { eventId } from '../../src/core/chain/ids.ts';
import type { Actor, Role } from '../../src/core/definitions/actor.ts';
import type { NewEvent } from '../../src/core/definitions/event.ts';
import { assignmentCreated } from '../../src/court/assignments/createAssignment.ts';
import type { Format } from '../../src/court/formats/format.ts';
import { TEMPLATES } from '../../src/court/formats/templates.ts';
import { participantJoined } from '../../src/court/participants/joinSession.ts';
import { sessionCompleted } from '../../src/court/sessions/completeSession.ts';
import { sessionCreated } from '../../src/court/sessions/createSession.ts';
import { sessionPaused } from '../../src/court/sessions/pauseSession.ts';
import type { SessionStatus } from '../../src/court/sessions/session.ts';
import { sessionStarted } from '../../src/court/sessions/startSession.ts';
import { turnsOf } from '../../src/court/turns/turn.ts';

export const INSTITUTION = '018f3c1e-7b2a-7c11-9d0e-0000000000a0';
export const ASSIGNMENT = '018f3c1e-7b2a-7c11-9d0e-0000000a0000';
export const SESSION = '018f3c1e-7b2a-7c11-9d0e-0000000b0000';
export const FEED = '018f3c1e-7b2a-7c11-9d0e-0000000a1000';
export const BOARD = '018f3c1e-7b2a-7c11-9d0e-0000000a2000';
export const POLICY = '018f3c1e-7b2a-7c11-9d0e-0000000a4000';
/** Of a tournament's site, and none of our own rooms. */
export const MATCH = '018f3c1e-7b2a-7c11-9d0e-0000000a3000';

const actor = (role: Role, n: number): Actor => ({
  id: `018f3c1e-7b2a-7c11-9d0e-00000000c${String(n).padStart(3, '0')}`,
  role,
  institution_id: role === 'super_admin' ? null : INSTITUTION,
});

export const superAdmin = actor('super_admin', 1);
export const admin = actor('admin', 2);
export const presiding = actor('judge', 3);
export const judge = actor('judge', 4);
export const outsideJudge = actor('judge', 5);
export const petitioner = actor('participant', 6);
export const respondent = actor('participant', 7);
export const bailiff = actor('moderator', 8);
export const student = actor('participant', 9);

/** Timed jobs, which send the commands that have no door. */
export const system: Actor = { id: 'system', role: 'system', institution_id: null };

export const match = {
  title: 'Meridian v. Harbour Authority',
  courtroom: 'Courtroom 1',
  scheduled_at: '2026-11-21T10:00:00.000Z',
  petitioner: [{ user_id: petitioner.id, name: 'Ada Petrova' }],
  respondent: [{ user_id: respondent.id, name: 'Rui Santos' }],
  panel: [
    { user_id: presiding.id, name: 'Judge Okafor', presiding: true },
    { user_id: judge.id, name: 'Judge Lindqvist', presiding: false },
  ],
  moderators: [{ user_id: bailiff.id, name: 'Sam Bailey' }],
  visibility: 'institution',
  format: 'moot-20',
} as const;

export const scheduled = assignmentCreated(structuredClone({ ...match, institution_id: INSTITUTION }) as never);

/** The same match, which its moderators run. */
export const scheduledToModerators = assignmentCreated(
  structuredClone({ ...match, institution_id: INSTITUTION, moderators_run: true }) as never,
);

export const opened = sessionCreated({
  assignment_id: ASSIGNMENT,
  institution_id: INSTITUTION,
  title: match.title,
  courtroom: match.courtroom,
  visibility: match.visibility,
  metadata: { round: 1 },
});

export const START = '018f3c1e-7b2a-7c11-9d0e-0000000e0000';

/** The session starts in this format; its turns have the ids that `turnId` names. */
export function startedAs(format: Format): NewEvent {
  return sessionStarted({ format, turns: turnsOf(format, START) });
}
export const turnId = (n: number) => eventId(START, n + 1);
export const started = startedAs(TEMPLATES.get(match.format)!);

const completed = sessionCompleted({ event_count: 3, state_digest: '0'.repeat(64), recording_url: null });

/** The events that bring a session to this status. */
export const sessionThatIs: Record<SessionStatus, NewEvent[]> = {
  pending: [scheduled, opened],
  active: [scheduled, opened, started],
  paused: [scheduled, opened, started, sessionPaused({ reason: null })],
  completed: [scheduled, opened, started, completed],
};

export const SEAT = '018f3c1e-7b2a-7c11-9d0e-0000000d0000';
export const petitionerJoined = participantJoined({
  participant_id: SEAT,
  user_id: petitioner.id,
  name: 'Ada Petrova',
  role: 'petitioner',
});

/** The sheet of one judge, for a match of a tournament's site, by the ids of that site. */
export const RESULT = {
  sheets: [
    {
      adjudicator: '3001',
      teams: [
        { side: 'petitioner', win: true, speeches: [{ speaker: '5001', score: 76.5 }] },
        { side: 'respondent', win: false, speeches: [{ speaker: '5003', score: 75 }] },
      ],
    },
  ],
  confirm: true,
} as const;
