/** A paused session goes on. */
import { expect, test } from 'vitest';
import { resumeSession, sessionResumed } from '../../../src/court/sessions/resumeSession.ts';
import { given } from '../../support/given.ts';
import {
  bailiff,
  outsideJudge,
  presiding,
  START,
  scheduledToModerators,
  sessionThatIs,
  superAdmin,
} from '../../support/matchFixture.ts';

test('a paused session goes on, and keeps the time at which it was started', () => {
  const verdict = given(...sessionThatIs.paused)
    .when(resumeSession, {}, presiding)
    .then(sessionResumed({}));
  expect(verdict!.result).toMatchObject({ status: 'active', started_at: verdict!.states.session.started_at });
  expect(verdict!.states.session.started_at).not.toBe(verdict!.rows[0]!.occurred_at);
});

test('a pending session is started, not resumed, although it becomes active', () => {
  given(...sessionThatIs.pending)
    .when(resumeSession, {}, presiding)
    .then('invalid_transition', { from: 'pending', to: 'active' });
});

test('a judge whom the panel does not name resumes nothing', () => {
  given(...sessionThatIs.paused)
    .when(resumeSession, {}, outsideJudge)
    .then('not_on_panel');
});

test('a moderator of the roster does it where the match is run by its moderators', () => {
  const run = [scheduledToModerators, ...sessionThatIs.paused.slice(1)];
  given(...run)
    .when(resumeSession, {}, bailiff, { id: START })
    .then(sessionResumed({}));
  given(...run)
    .when(resumeSession, {}, { ...bailiff, id: superAdmin.id })
    .then('role_not_on_roster');
  given(...sessionThatIs.paused)
    .when(resumeSession, {}, bailiff)
    .then('role_not_on_roster');
});
