/** Who objects, to what, on which grounds and how often. */
import { expect, test } from 'vitest';
import { eventId } from '../../../src/core/chain/ids.ts';
import type { NewEvent } from '../../../src/core/definitions/event.ts';
import { GROUNDS, ruleOf } from '../../../src/court/objections/grounds.ts';
import { objectionRaised, raiseObjection } from '../../../src/court/objections/raiseObjection.ts';
import { objectionWithdrawn } from '../../../src/court/objections/withdrawObjection.ts';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { turnTakenOver } from '../../../src/court/turns/takeOverTurn.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  judge,
  outsideJudge,
  petitioner,
  respondent,
  sessionThatIs,
  student,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import {
  at,
  MINUTE,
  OBJECTION,
  objecting,
  round,
  running,
  speaking,
  standing,
  variant,
} from '../../support/roundEvents.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const turn_id = turnId(3);
const body = { turn_id, ground: 'leading' } as const;
const direct = given(...round('mock-trial-tba', speaking(3)));
const raised = (changes: object = {}): NewEvent =>
  objectionRaised({
    ...{ objection_id: COMMAND, ...body, reason: null, side: 'respondent', stops_clock: true },
    ...{ clock: standing(19 * MINUTE), ...changes },
  });

test('the other side objects, and the clock stands', () => {
  const { result, states } = direct
    .when(raiseObjection, { ...body, reason: 'Counsel testifies.' }, respondent)
    .then(raised({ reason: 'Counsel testifies.' }))!;
  expect(result).toMatchObject({ id: COMMAND, state: 'pending', rule: '611(c)', raised_by: respondent.id });
  expect(states.session.turns[2]).toMatchObject({ state: 'active', paused_by: ['objection'], paused_since: NOW });
});

test.each([judge, admin, superAdmin])('so may an official: $role', (actor) => {
  direct.when(raiseObjection, body, actor).then(raised({ side: null }));
});

test('where the format says so the clock runs on', () => {
  const format = variant('amta', { pauses: { objection: false, question: false } });
  given(...round(format, speaking(3)))
    .when(raiseObjection, body, respondent)
    .then(raised({ stops_clock: false, clock: running(24 * MINUTE) }));
});

test('nobody objects to their own side, nor who is not counsel here', () => {
  direct.when(raiseObjection, body, petitioner).then('not_opposing', { status: 403 });
  direct.when(raiseObjection, body, student).then('role_not_on_roster');
  direct.when(raiseObjection, body, outsideJudge).then('not_on_panel');
});

test('one objection is pending at a time', () => {
  given(...round('mock-trial-tba', speaking(3), objecting(3)))
    .when(raiseObjection, body, respondent)
    .then('objection_pending', { objection_id: OBJECTION });
});

test('openings and closings are heard without objections', () => {
  given(...round('mock-trial-tba', speaking(1)))
    .when(raiseObjection, { ...body, turn_id: turnId(1) }, respondent)
    .then('objections_barred');
});

test('a moot hears points, not evidence', () => {
  const moot = given(...round('moot-20', speaking(1)));
  const point = { turn_id: turnId(1), ground: 'beyond_the_record' };
  moot.when(raiseObjection, { ...point, ground: 'hearsay' }, respondent).then('ground_not_heard');
  moot.when(raiseObjection, point, respondent).then(expect.objectContaining({ type: 'OBJECTION_RAISED' }));
});

/** Raised and taken back, n times, each a minute after the last. */
const settled = (n: number) =>
  Array.from({ length: n }, (_, i) => {
    const objection_id = eventId(OBJECTION, i + 1);
    return [objecting(3, 'leading', objection_id), objectionWithdrawn({ objection_id, clock: null })];
  }).flat();

test('a turn has so many and no more', () => {
  given(...round('mock-trial-tba', speaking(3), ...settled(3)))
    .when(raiseObjection, body, respondent)
    .then('objection_limit', { limit: 3 });
  given(...round('mock-trial-tba', speaking(3), ...settled(2)))
    .when(raiseObjection, body, respondent)
    .then(expect.objectContaining({ type: 'OBJECTION_RAISED' }));
});

test('while the bench has the floor there is nothing to object to', () => {
  given(...round('mock-trial-tba', speaking(3), turnTakenOver({ turn_id, clock: standing(0) })))
    .when(raiseObjection, body, respondent)
    .then('floor_taken');
});

test('time that ran out unnoticed is recorded first; to a turn that its format ends nobody objects any more', () => {
  const stood = { ...standing(0), overtime_ms: 50 };
  const { states } = direct
    .when(raiseObjection, body, respondent, { now: at(19 * MINUTE + 50) })
    .then(turnExpired({ turn_id, deadline: at(19 * MINUTE), ends: false }), raised({ clock: stood }))!;
  expect(states.session.turns[2]).toMatchObject({ expired_at: at(19 * MINUTE), paused_by: ['objection'] });
  given(...round('amta', speaking(3)))
    .when(raiseObjection, body, respondent, { now: at(24 * MINUTE) })
    .then('turn_expired', { deadline: at(24 * MINUTE) });
});

test('refused as every command of the court', () => {
  direct.when(raiseObjection, { ...body, turn_id: superAdmin.id }, respondent).then('not_found');
  direct.when(raiseObjection, { ...body, turn_id: turnId(4) }, respondent).then('turn_not_active');
  given(...sessionThatIs.paused)
    .when(raiseObjection, body, respondent)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(raiseObjection, body, respondent)
    .then('session_completed');
});

test('grounds are a closed list, each with its rule where there is one; a reason is at most 500 characters', () => {
  const fits = (input: object) => raiseObjection.body.safeParse({ ...body, ...input }).success;
  expect(fits({ ground: 'because' })).toBe(false);
  expect(fits({ reason: 'r'.repeat(500) })).toBe(true);
  expect(fits({ reason: 'r'.repeat(501) })).toBe(false);
  expect(new Set(GROUNDS).size).toBe(GROUNDS.length);
  expect([ruleOf('hearsay'), ruleOf('relevance'), ruleOf('procedural')]).toEqual(['802', '401-402', null]);
});
