/** The bench returns the floor, and the clock goes on where nothing else holds it. */
import { expect, test } from 'vitest';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { turnQuestionStarted } from '../../../src/court/turns/markQuestion.ts';
import { returnTurn, turnReturned } from '../../../src/court/turns/returnTurn.ts';
import { turnTakenOver } from '../../../src/court/turns/takeOverTurn.ts';
import { given } from '../../support/given.ts';
import { bailiff, outsideJudge, presiding, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { MINUTE, round, running, speaking, standing } from '../../support/roundEvents.ts';

const turn_id = turnId(1);
const taken = turnTakenOver({ turn_id, clock: standing(0) });
const held = given(...round('moot-20', speaking(1), taken));

test('the clock goes on from where it stood', () => {
  const { states } = held
    .when(returnTurn, { turn_id }, presiding)
    .then(turnReturned({ turn_id, clock: running(9 * MINUTE) }))!;
  expect(states.session.turns[0]).toMatchObject({ paused_ms: MINUTE, paused_by: [] });
});

test('in a recess the clock still stands', () => {
  const { states } = given(...round('moot-20', speaking(1), taken, sessionPaused({ reason: null })))
    .when(returnTurn, { turn_id }, presiding)
    .then(turnReturned({ turn_id, clock: standing(9 * MINUTE) }))!;
  expect(states.session.turns[0].paused_by).toEqual(['session']);
});

test('what was not taken is not returned; a question that stops the clock ends by its own marker', () => {
  given(...round('moot-20', speaking(1)))
    .when(returnTurn, { turn_id }, presiding)
    .then('floor_not_taken');
  const asking = turnQuestionStarted({ turn_id, judge_id: null, stops_clock: true, clock: standing(0) });
  given(...round('mock-trial-tba', speaking(1), asking))
    .when(returnTurn, { turn_id }, presiding)
    .then('floor_not_taken');
});

test('refused as every command of the court', () => {
  held.when(returnTurn, { turn_id }, outsideJudge).then('not_on_panel');
  held.when(returnTurn, { turn_id }, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  held.when(returnTurn, { turn_id: superAdmin.id }, presiding).then('not_found');
  held.when(returnTurn, { turn_id: turnId(2) }, presiding).then('turn_not_active');
  given(...sessionThatIs.pending)
    .when(returnTurn, { turn_id }, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(returnTurn, { turn_id }, presiding)
    .then('session_completed');
});
