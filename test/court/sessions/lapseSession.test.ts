/** A session that was left open is ended by the system, with the reason, and only when its record is silent. */
import { expect, test } from 'vitest';
import { sessionCompleted } from '../../../src/court/sessions/completeSession.ts';
import { LAPSE_REASON, lapseSession, sessionLapsed } from '../../../src/court/sessions/lapseSession.ts';
import { stateDigest } from '../../../src/court/sessions/sessionDigest.ts';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { given, NOW } from '../../support/given.ts';
import { petitioner, petitionerJoined, SESSION, sessionThatIs, system, turnId } from '../../support/matchFixture.ts';
import { at, MINUTE, round, speaking } from '../../support/roundEvents.ts';

/** The last event of what is given happened a minute before `NOW`. */
const LAST = '2026-11-21T11:59:00.000Z';
const hoursAfterLast = (hours: number) => new Date(Date.parse(LAST) + hours * 3_600_000).toISOString();
const body = { session_id: SESSION };

const completed = (event_count: number) => ({
  ...sessionCompleted({ event_count: 0, state_digest: '', recording_url: null }),
  payload: expect.objectContaining({ event_count, recording_url: null }),
});

test.each(['active', 'paused'] as const)(
  'a session that is %s and silent for 12 hours is completed, and says why',
  (status) => {
    const before = sessionThatIs[status];
    const now = hoursAfterLast(12);
    const { rows, result } = given(...before)
      .when(lapseSession, body, system, { now })
      .then(sessionLapsed({ reason: LAPSE_REASON, last_event_at: LAST }), completed(before.length + 1))!;
    const { event_hash } = rows[1]!;
    expect(result).toMatchObject({ id: SESSION, status: 'completed', ended_at: now, integrity_hash: event_hash });
  },
);

test('whoever is still in the room leaves with it', () => {
  const { states } = given(...sessionThatIs.active, petitionerJoined)
    .when(lapseSession, body, system, { now: hoursAfterLast(13) })
    .then(sessionLapsed({ reason: LAPSE_REASON, last_event_at: LAST }), completed(5))!;
  expect(states.session.participants[petitioner.id].status).toBe('disconnected');
});

test('a turn whose time ran out unnoticed meanwhile is ended or flagged first', () => {
  const now = hoursAfterLast(12);
  const after = (format: string, minutes: number, ends: boolean) => {
    const events = round(format, speaking(1));
    const { rows, states } = given(...events)
      .when(lapseSession, body, system, { now })
      .then(
        turnExpired({ turn_id: turnId(1), deadline: at(minutes * MINUTE), ends }),
        sessionLapsed({ reason: LAPSE_REASON, last_event_at: LAST }),
        completed(events.length + 2),
      )!;
    expect(JSON.parse(rows[2]!.payload!).state_digest).toBe(stateDigest(states.session));
    return states.session.turns[0];
  };
  expect(after('amta', 4, true)).toMatchObject({ state: 'ended', used_ms: 5 * MINUTE, overtime_ms: 0 });
  expect(after('moot-20', 9, false)).toMatchObject({ state: 'ended', expired_at: at(9 * MINUTE), ended_at: now });
});

test('a session that was heard of within 12 hours stays open', () => {
  const heard = given(...sessionThatIs.active);
  heard.when(lapseSession, body, system).then('not_stale', { last_event_at: LAST });
  const almost = new Date(Date.parse(hoursAfterLast(12)) - 1).toISOString();
  heard.when(lapseSession, body, system, { now: almost }).then('not_stale');
  expect(NOW < almost).toBe(true);
});

test('what never began has nothing to complete, and completed is final', () => {
  for (const status of ['pending', 'completed'] as const) {
    given(...sessionThatIs[status])
      .when(lapseSession, body, system, { now: hoursAfterLast(1_000) })
      .then('invalid_transition', { from: status, to: 'completed' });
  }
});
