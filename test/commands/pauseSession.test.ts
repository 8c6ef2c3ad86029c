/** An active session is paused, with a reason or without. */
import { expect, test } from 'vitest';
import { pauseSession, sessionPaused } from '../../src/sessions/pauseSession.ts';
import { outsideJudge, presiding, sessionThatIs } from '../support/court.ts';
import { given } from '../support/given.ts';

const active = given(...sessionThatIs.active);

test('an active session is paused, with the reason that was given', () => {
  const verdict = active.when(pauseSession, { reason: 'Fire drill — 5 min' }, presiding);
  expect(verdict.then(sessionPaused({ reason: 'Fire drill — 5 min' }))!.result).toMatchObject({ status: 'paused' });
});

test('no reason is recorded as null', () => {
  active.when(pauseSession, {}, presiding).then(sessionPaused({ reason: null }));
});

test('a session is not paused twice', () => {
  given(...sessionThatIs.paused)
    .when(pauseSession, {}, presiding)
    .then('invalid_transition', { from: 'paused', to: 'paused' });
});

test('a judge whom the panel does not name pauses nothing', () => {
  active.when(pauseSession, {}, outsideJudge).then('not_on_panel');
});
