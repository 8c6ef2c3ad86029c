/** An active session is paused, with a reason or without. */
import { expect, test } from 'vitest';
import { pauseSession, sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { given } from '../../support/given.ts';
import {
  bailiff,
  outsideJudge,
  presiding,
  START,
  scheduledToModerators,
  sessionThatIs,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { at, MINUTE, round, speaking } from '../../support/roundEvents.ts';

const active = given(...sessionThatIs.active);

test('an active session is paused, with the reason that was given', () => {
  const verdict = active.when(pauseSession, { reason: 'Fire drill — 5 min' }, presiding);
  expect(verdict.then(sessionPaused({ reason: 'Fire drill — 5 min' }))!.result).toMatchObject({ status: 'paused' });
});

test('no reason is recorded as null', () => {
  active.when(pauseSession, {}, presiding).then(sessionPaused({ reason: null }));
});

test('time of a turn that ran out unnoticed is recorded before the recess, as of its own deadline', () => {
  const paused = sessionPaused({ reason: null });
  const expired = (minutes: number, ends: boolean) =>
    turnExpired({ turn_id: turnId(1), deadline: at(minutes * MINUTE), ends });
  const moot = given(...round('moot-20', speaking(1)))
    .when(pauseSession, {}, presiding, { now: at(9 * MINUTE + 50) })
    .then(expired(9, false), paused)!;
  expect(moot.states.session.turns[0]).toMatchObject({ expired_at: at(9 * MINUTE), paused_by: ['session'] });
  const trial = given(...round('amta', speaking(1)))
    .when(pauseSession, {}, presiding, { now: at(4 * MINUTE + 50) })
    .then(expired(4, true), paused)!;
  expect(trial.states.session.turns[0]).toMatchObject({ state: 'ended', used_ms: 5 * MINUTE, overtime_ms: 0 });
  expect(trial.result).toMatchObject({ status: 'paused', turn: null });
});

test('a session is not paused twice', () => {
  given(...sessionThatIs.paused)
    .when(pauseSession, {}, presiding)
    .then('invalid_transition', { from: 'paused', to: 'paused' });
});

test('a judge whom the panel does not name pauses nothing', () => {
  active.when(pauseSession, {}, outsideJudge).then('not_on_panel');
});

test('a moderator of the roster does it where the match is run by its moderators', () => {
  const run = [scheduledToModerators, ...sessionThatIs.active.slice(1)];
  given(...run)
    .when(pauseSession, {}, bailiff, { id: START })
    .then(sessionPaused({ reason: null }));
  given(...run)
    .when(pauseSession, {}, { ...bailiff, id: superAdmin.id })
    .then('role_not_on_roster');
  given(...sessionThatIs.active)
    .when(pauseSession, {}, bailiff)
    .then('role_not_on_roster');
});
