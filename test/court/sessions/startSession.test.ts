/** A pending session is started by an official of its own. */
import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { format } from '../../../src/court/formats/format.ts';
import { sessionStarted, startSession } from '../../../src/court/sessions/startSession.ts';
import { turnPlanned } from '../../../src/court/turns/planTurn.ts';
import { turnsOf } from '../../../src/court/turns/turn.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  opened,
  outsideJudge,
  presiding,
  START,
  scheduled,
  scheduledToModerators,
  sessionThatIs,
  started,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';

const pending = given(...sessionThatIs.pending);

test.each([presiding, judge, admin, superAdmin])('a pending session is started by an official: $role $id', (actor) => {
  const verdict = pending.when(startSession, {}, actor, { id: START }).then(started);
  expect(verdict!.result).toMatchObject({ status: 'active', started_at: NOW, head: { event_sequence: 2 } });
  expect(verdict!.rows[0]).toMatchObject({ actor_id: actor.id, occurred_at: NOW });
});

test('a session that started before there were formats is read as it was, and turns can be planned in it', () => {
  const older = given(scheduled, opened, { ...started, payload: {} });
  expect(older.states().session).toMatchObject({ status: 'active', format: null, turns: [] });
  const body = { side: 'petitioner', kind: 'argument', allotted_ms: 60_000 };
  const verdict = older.when({ name: 'turn.plan' }, body, presiding, { id: START });
  const turn = { id: START, order_index: 1, min_ms: 0, protected_ms: 0, objections: false, continues: null };
  verdict.then(turnPlanned({ turn: { ...turn, side: 'petitioner', kind: 'argument', allotted_ms: 60_000 } }));
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

test('a match that was called off does not begin', () => {
  given(...sessionThatIs.pending, assignmentCancelled({ reason: 'Snow.' }))
    .when(startSession, {}, presiding)
    .then('assignment_cancelled');
});

test('the format that the assignment names is frozen in the record, with the turns it asks for', () => {
  const custom = format.parse({
    ...{ name: 'Ours', segments: [{ side: 'respondent', kind: 'argument', allotted_ms: 60_000 }] },
  });
  const created = { ...scheduled, payload: { ...scheduled.payload, format: custom } };
  const verdict = given(created, opened)
    .when(startSession, {}, presiding, { id: START })
    .then(sessionStarted({ format: custom, turns: turnsOf(custom, START) }))!;
  expect(verdict.states.session).toMatchObject({
    format: custom,
    turns: [{ id: turnId(1), order_index: 1, state: 'planned', side: 'respondent', allotted_ms: 60_000 }],
  });
});

test('a moderator of the roster does it where the match is run by its moderators', () => {
  const run = [scheduledToModerators, ...sessionThatIs.pending.slice(1)];
  given(...run)
    .when(startSession, {}, bailiff, { id: START })
    .then(started);
  given(...run)
    .when(startSession, {}, { ...bailiff, id: superAdmin.id })
    .then('role_not_on_roster');
  given(...sessionThatIs.pending)
    .when(startSession, {}, bailiff)
    .then('role_not_on_roster');
});
