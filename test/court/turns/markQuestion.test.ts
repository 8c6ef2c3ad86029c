/** Questions of the bench are marked; the format says whether they stop the clock, and when there are none. */
import { expect, test } from 'vitest';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { markQuestion, turnQuestionEnded, turnQuestionStarted } from '../../../src/court/turns/markQuestion.ts';
import { turnTakenOver } from '../../../src/court/turns/takeOverTurn.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  outsideJudge,
  petitioner,
  presiding,
  sessionThatIs,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { at, MINUTE, objecting, round, running, speaking, standing } from '../../support/roundEvents.ts';

const turn_id = turnId(1);
const begin = { turn_id, phase: 'start' } as const;
const end = { turn_id, phase: 'end' } as const;
const asking = turnQuestionStarted({ turn_id, judge_id: null, stops_clock: false, clock: standing(0) });
const holding = turnQuestionStarted({ turn_id, judge_id: null, stops_clock: true, clock: standing(0) });
const moot = given(...round('moot-20', speaking(1)));

test('in a moot the clock runs on while the bench asks', () => {
  const { states } = moot
    .when(markQuestion, begin, judge)
    .then(turnQuestionStarted({ turn_id, judge_id: judge.id, stops_clock: false, clock: running(9 * MINUTE) }))!;
  expect(states.session.turns[0]).toMatchObject({ questions: 1, question_since: NOW, paused_by: [] });
  const ended = given(...round('moot-20', speaking(1), asking))
    .when(markQuestion, end, judge)
    .then(turnQuestionEnded({ turn_id, clock: running(8 * MINUTE) }))!;
  expect(ended.states.session.turns[0]).toMatchObject({ questions: 1, question_since: null });
});

test('in a trial it stands until the answer', () => {
  given(...round('mock-trial-tba', speaking(1)))
    .when(markQuestion, { ...begin, judge_id: presiding.id }, bailiff)
    .then(turnQuestionStarted({ turn_id, judge_id: presiding.id, stops_clock: true, clock: standing(4 * MINUTE) }));
  const { states } = given(...round('mock-trial-tba', speaking(1), holding))
    .when(markQuestion, end, bailiff)
    .then(turnQuestionEnded({ turn_id, clock: running(4 * MINUTE) }))!;
  expect(states.session.turns[0]).toMatchObject({ paused_ms: MINUTE, paused_by: [] });
});

test('a clerk need not say who asks; who is named sits on the panel', () => {
  moot
    .when(markQuestion, begin, admin)
    .then(turnQuestionStarted({ turn_id, judge_id: null, stops_clock: false, clock: running(9 * MINUTE) }));
  moot.when(markQuestion, { ...begin, judge_id: petitioner.id }, admin).then('not_on_roster');
});

test('one at a time, and what is not open does not end', () => {
  given(...round('moot-20', speaking(1), asking))
    .when(markQuestion, begin, judge)
    .then('question_open');
  moot.when(markQuestion, end, judge).then('question_not_open');
});

test('in the protected part of a turn the bench asks nothing', () => {
  const speech = given(...round('ncfca', speaking(1)));
  speech.when(markQuestion, begin, judge, { now: at(-1) }).then('time_protected', { left_ms: 1 });
  speech.when(markQuestion, begin, judge).then(expect.objectContaining({ type: 'TURN_QUESTION_STARTED' }));
});

test('nothing is asked while a ruling is awaited or the bench has the floor', () => {
  given(...round('moot-20', speaking(1), objecting(1)))
    .when(markQuestion, begin, judge)
    .then('objection_pending');
  given(...round('moot-20', speaking(1), turnTakenOver({ turn_id, clock: standing(0) })))
    .when(markQuestion, begin, judge)
    .then('floor_taken');
});

test('time that ran out unnoticed is recorded first; a turn that its format ends is asked nothing any more', () => {
  const now = at(4 * MINUTE + 50);
  const stood = { ...standing(0), overtime_ms: 50 };
  const { states } = given(...round('mock-trial-tba', speaking(1)))
    .when(markQuestion, begin, judge, { now })
    .then(
      turnExpired({ turn_id, deadline: at(4 * MINUTE), ends: false }),
      turnQuestionStarted({ turn_id, judge_id: judge.id, stops_clock: true, clock: stood }),
    )!;
  expect(states.session.turns[0]).toMatchObject({ expired_at: at(4 * MINUTE), paused_by: ['bench'] });
  given(...round('amta', speaking(1)))
    .when(markQuestion, begin, judge, { now })
    .then('turn_expired', { deadline: at(4 * MINUTE) });
});

test('refused as every command of the court', () => {
  moot.when(markQuestion, begin, outsideJudge).then('not_on_panel');
  moot.when(markQuestion, begin, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  moot.when(markQuestion, { ...begin, turn_id: superAdmin.id }, judge).then('not_found');
  moot.when(markQuestion, { ...begin, turn_id: turnId(2) }, judge).then('turn_not_active');
  given(...sessionThatIs.paused)
    .when(markQuestion, begin, judge)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(markQuestion, begin, judge)
    .then('session_completed');
});
