/** The presiding judge rules, once; a reserved ruling may be given later. */
import { expect, test } from 'vitest';
import type { Actor } from '../../../src/core/definitions/actor.ts';
import { objectionRuled, objectionRuledFor, ruleObjection } from '../../../src/court/objections/ruleObjection.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  outsideJudge,
  presiding,
  scheduledToModerators,
  sessionThatIs,
  superAdmin,
} from '../../support/matchFixture.ts';
import { MINUTE, OBJECTION, objecting, round, running, speaking, standing } from '../../support/roundEvents.ts';

const objection_id = OBJECTION;
const body = (decision: string) => ({ objection_id, decision });
const pending = round('mock-trial-tba', speaking(3), objecting(3));
const ruled = (decision: 'sustained' | 'overruled' | 'reserved', clock = running(19 * MINUTE)) =>
  objectionRuled({ objection_id, decision, ruling: null, clock });

test.each(['sustained', 'overruled'] as const)('%s: the clock goes on', (decision) => {
  const { states, result } = given(...pending)
    .when(ruleObjection, { ...body(decision), ruling: 'Rephrase.' }, presiding)
    .then(objectionRuled({ objection_id, decision, ruling: 'Rephrase.', clock: running(19 * MINUTE) }))!;
  expect(result).toMatchObject({ state: decision, ruling: 'Rephrase.', ruled_by: presiding.id, ruled_at: NOW });
  expect(states.session.turns[2]).toMatchObject({ paused_by: [], paused_ms: MINUTE });
});

test('reserved: the clock goes on, and the ruling is given once, later', () => {
  const { result } = given(...pending)
    .when(ruleObjection, body('reserved'), presiding)
    .then(ruled('reserved'))!;
  expect(result).toMatchObject({ state: 'reserved', reserved_at: NOW, ruled_by: null, ruled_at: null });
  const reserved = given(...pending, ruled('reserved'));
  reserved.when(ruleObjection, body('reserved'), presiding).then('objection_decided', { from: 'reserved' });
  reserved.when(ruleObjection, body('overruled'), presiding).then(ruled('overruled', running(18 * MINUTE)));
  given(...pending, ruled('reserved'), ruled('overruled'))
    .when(ruleObjection, body('sustained'), presiding)
    .then('objection_decided', { from: 'overruled' });
});

test('a reserved objection holds nothing: a ruling on it leaves the clock to the objection that waits', () => {
  const SECOND = '018f3c1e-7b2a-7c11-9d0e-0000000f0001';
  const { states } = given(...pending, ruled('reserved'), objecting(3, 'hearsay', SECOND))
    .when(ruleObjection, body('sustained'), presiding)
    .then(ruled('sustained', standing(18 * MINUTE)))!;
  expect(states.session.turns[2]).toMatchObject({ paused_by: ['objection'], paused_ms: MINUTE });
});

test('in a recess the ruling is heard, and the clock stands until the session resumes', () => {
  given(...pending, sessionPaused({ reason: null }))
    .when(ruleObjection, body('overruled'), presiding)
    .then(ruled('overruled', standing(19 * MINUTE)));
});

test('there is no second ruling', () => {
  given(...pending, ruled('sustained'))
    .when(ruleObjection, body('overruled'), presiding)
    .then('objection_decided', { from: 'sustained' });
});

test('no other judge rules', () => {
  given(...pending)
    .when(ruleObjection, body('sustained'), judge)
    .then('not_presiding', { status: 403 });
  given(...pending)
    .when(ruleObjection, body('sustained'), outsideJudge)
    .then('not_on_panel');
});

test('refused as every command of the court', () => {
  given(...pending)
    .when(ruleObjection, { ...body('sustained'), objection_id: superAdmin.id }, presiding)
    .then('not_found');
  given(...sessionThatIs.pending)
    .when(ruleObjection, body('sustained'), presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(ruleObjection, body('sustained'), presiding)
    .then('session_completed');
});

test('a ruling is at most 500 characters, and one of three', () => {
  const fits = (input: object) => ruleObjection.body.safeParse({ ...body('sustained'), ...input }).success;
  expect(fits({ ruling: 'r'.repeat(500) })).toBe(true);
  expect(fits({ ruling: 'r'.repeat(501) })).toBe(false);
  expect(fits({ decision: 'granted' })).toBe(false);
});

const hand = { judge_id: presiding.id, judge_name: 'Judge Okafor', acting_name: null };

test('a clerk enters the ruling of the presiding judge: it is the judge who rules, and the record has the hand', () => {
  const facts = { objection_id, decision: 'sustained', ruling: null, clock: running(19 * MINUTE) } as const;
  const { result, rows } = given(...pending)
    .when(ruleObjection, { ...body('sustained'), on_behalf_of: presiding.id }, admin)
    .then(objectionRuledFor({ ...facts, ...hand }))!;
  expect(result).toMatchObject({ state: 'sustained', ruled_by: presiding.id, ruled_at: NOW });
  expect(rows).toMatchObject([{ actor_id: admin.id }]);
});

test('a clerk rules in the name of nobody but the judge who presides, and says in whose', () => {
  const tried = (actor: Actor, on_behalf_of?: string) =>
    given(...pending).when(ruleObjection, { ...body('sustained'), on_behalf_of }, actor);
  tried(admin).then('not_presiding', { status: 403 });
  tried(superAdmin, judge.id).then('not_presiding', { status: 409 });
  tried(admin, admin.id).then('not_presiding', { status: 409 });
  tried(presiding, judge.id).then('not_presiding', { status: 409 });
  tried(judge, presiding.id).then('not_presiding', { status: 403 });
  tried(presiding, presiding.id).then(ruled('sustained'));
});

test('a moderator does so where the match is run by its moderators', () => {
  const events = pending;
  given(scheduledToModerators, ...events.slice(1))
    .when(ruleObjection, { ...body('sustained'), on_behalf_of: presiding.id }, bailiff)
    .then(
      objectionRuledFor({
        objection_id,
        decision: 'sustained',
        ruling: null,
        clock: running(19 * MINUTE),
        ...hand,
        acting_name: 'Sam Bailey',
      }),
    );
  given(...events)
    .when(ruleObjection, { ...body('sustained'), on_behalf_of: presiding.id }, bailiff)
    .then('role_not_on_roster');
});
