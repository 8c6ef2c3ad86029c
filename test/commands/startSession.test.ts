/** A pending session is started by an official of its own. */
import { expect, test } from 'vitest';
import { sessionStarted, startSession } from '../../src/sessions/startSession.ts';
import { admin, judge, outsideJudge, presiding, sessionThatIs, superAdmin } from '../support/court.ts';
import { given, NOW } from '../support/given.ts';

const pending = given(...sessionThatIs.pending);

test.each([presiding, judge, admin, superAdmin])('a pending session is started by an official: $role $id', (actor) => {
  const verdict = pending.when(startSession, {}, actor).then(sessionStarted({}));
  expect(verdict!.result).toMatchObject({ status: 'active', started_at: NOW, head: { event_sequence: 2 } });
  expect(verdict!.rows[0]).toMatchObject({ actor_id: actor.id, occurred_at: NOW });
});

test('a session is started once', () => {
  given(...sessionThatIs.active)
    .when(startSession, {}, presiding)
    .then('invalid_transition', { from: 'active', to: 'active' });
});

test('a judge whom the panel does not name starts nothing', () => {
  pending.when(startSession, {}, outsideJudge).then('not_on_panel', { status: 403 });
});

test('what was started already is said before who may not', () => {
  given(...sessionThatIs.active)
    .when(startSession, {}, outsideJudge)
    .then('invalid_transition');
});
