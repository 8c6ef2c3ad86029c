/** A turn ends once, with what was spoken; time that ran out unnoticed is flagged on the way. */
import { expect, test } from 'vitest';
import { endTurn, turnEnded } from '../../../src/court/turns/endTurn.ts';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { given, NOW } from '../../support/given.ts';
import { bailiff, outsideJudge, presiding, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { at, MINUTE, objecting, round, speaking } from '../../support/roundEvents.ts';

const body = { turn_id: turnId(1) };
const speech = given(...round('moot-20', speaking(1)));

test('what was spoken is what passed since it began', () => {
  const { states, result } = speech
    .when(endTurn, body, bailiff)
    .then(turnEnded({ ...body, used_ms: MINUTE, overtime_ms: 0 }))!;
  expect(result).toMatchObject({ state: 'ended', ended_at: NOW, used_ms: MINUTE, clock: null });
  expect(states.session.turns[0].expired_at).toBeNull();
});

test('beyond its time it is flagged and the rest is overtime, where the format shows a stop card', () => {
  const late = 10 * MINUTE + 5_000;
  const { states } = speech
    .when(endTurn, body, presiding, { now: at(late - MINUTE) })
    .then(
      turnExpired({ ...body, deadline: at(9 * MINUTE), ends: false }),
      turnEnded({ ...body, used_ms: 10 * MINUTE, overtime_ms: 5_000 }),
    )!;
  expect(states.session.turns[0]).toMatchObject({ expired_at: at(9 * MINUTE), overtime_ms: 5_000 });
});

test('beyond its time it has ended by itself, where the format says so', () => {
  const { states } = given(...round('amta', speaking(1)))
    .when(endTurn, body, presiding, { now: at(5 * MINUTE) })
    .then(turnExpired({ ...body, deadline: at(4 * MINUTE), ends: true }))!;
  expect(states.session.turns[0]).toMatchObject({ state: 'ended', used_ms: 5 * MINUTE, overtime_ms: 0 });
});

test('it waits for the ruling on a pending objection', () => {
  given(...round('moot-20', speaking(1), objecting(1)))
    .when(endTurn, body, presiding)
    .then('objection_pending');
});

test('only the turn that is under way ends', () => {
  given(...round('moot-20'))
    .when(endTurn, body, presiding)
    .then('turn_not_active', { from: 'planned' });
  speech.when(endTurn, { turn_id: superAdmin.id }, presiding).then('not_found');
});

test('in a session that has not begun, or is completed, nothing ends', () => {
  given(...sessionThatIs.pending)
    .when(endTurn, body, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(endTurn, body, presiding)
    .then('session_completed');
});

test('who does not belong to the session ends nothing', () => {
  speech.when(endTurn, body, outsideJudge).then('not_on_panel');
  speech.when(endTurn, body, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
});
