/** The bench takes the floor: the clock stands, whatever the format says. */
import { expect, test } from 'vitest';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { turnQuestionStarted } from '../../../src/court/turns/markQuestion.ts';
import { takeOverTurn, turnTakenOver } from '../../../src/court/turns/takeOverTurn.ts';
import { given, NOW } from '../../support/given.ts';
import { bailiff, outsideJudge, presiding, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { at, MINUTE, objecting, round, speaking, standing } from '../../support/roundEvents.ts';

const turn_id = turnId(1);
const taken = turnTakenOver({ turn_id, clock: standing(9 * MINUTE) });
const speech = given(...round('moot-20', speaking(1)));

test('the clock stands', () => {
  const { states } = speech.when(takeOverTurn, { turn_id }, presiding).then(taken)!;
  expect(states.session.turns[0]).toMatchObject({ paused_by: ['bench'], paused_since: NOW });
});

test('the floor is taken once, and not while a question is open or a ruling awaited', () => {
  const asking = turnQuestionStarted({ turn_id, judge_id: null, stops_clock: false, clock: standing(0) });
  const after = (...events: Parameters<typeof given>) =>
    given(...round('moot-20', speaking(1), ...events)).when(takeOverTurn, { turn_id }, presiding);
  after(taken).then('floor_taken');
  after(asking).then('question_open');
  after(objecting(1)).then('objection_pending');
});

test('time that ran out unnoticed is recorded first; where the format ends the turn there is no floor to take', () => {
  const deadline = at(9 * MINUTE);
  const now = at(9 * MINUTE + 50);
  const stood = { ...standing(0), overtime_ms: 50 };
  const { states } = speech
    .when(takeOverTurn, { turn_id }, presiding, { now })
    .then(turnExpired({ turn_id, deadline, ends: false }), turnTakenOver({ turn_id, clock: stood }))!;
  expect(states.session.turns[0]).toMatchObject({ state: 'active', expired_at: deadline, paused_by: ['bench'] });
  given(...round('amta', speaking(1)))
    .when(takeOverTurn, { turn_id }, presiding, { now: at(4 * MINUTE) })
    .then('turn_expired', { deadline: at(4 * MINUTE) });
});

test('refused as every command of the court', () => {
  speech.when(takeOverTurn, { turn_id }, outsideJudge).then('not_on_panel');
  speech.when(takeOverTurn, { turn_id }, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  speech.when(takeOverTurn, { turn_id: superAdmin.id }, presiding).then('not_found');
  speech.when(takeOverTurn, { turn_id: turnId(2) }, presiding).then('turn_not_active');
  given(...sessionThatIs.paused)
    .when(takeOverTurn, { turn_id }, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(takeOverTurn, { turn_id }, presiding)
    .then('session_completed');
});
