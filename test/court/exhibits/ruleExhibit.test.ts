/** The ruling on an exhibit: by the presiding judge, once for each tender. */
import { expect, test } from 'vitest';
import { exhibitRuled, exhibitRuledFor, ruleExhibit } from '../../../src/court/exhibits/ruleExhibit.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { admitted, EXHIBIT, marked, rejected, tendered, uploaded, withdrawn } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  outsideJudge,
  presiding,
  scheduledToModerators,
  sessionThatIs,
  student,
} from '../../support/matchFixture.ts';
import { round, speaking } from '../../support/roundEvents.ts';

const body = { exhibit_id: EXHIBIT, decision: 'admitted' } as const;
const before = round('moot-20', uploaded(), marked(), speaking(1));
const offered = [...before, tendered];

test('the presiding judge admits it, or rejects it with a reason, also in a recess', () => {
  const { result } = given(...offered)
    .when(ruleExhibit, body, presiding)
    .then(exhibitRuled({ ...body, ruling: null }))!;
  expect(result).toMatchObject({ state: 'admitted', ruling: null, ruled_by: presiding.id, ruled_at: NOW });
  const no = { exhibit_id: EXHIBIT, decision: 'rejected', ruling: 'No foundation.' } as const;
  given(...offered, sessionPaused({ reason: null }))
    .when(ruleExhibit, no, presiding)
    .then(exhibitRuled(no));
});

test('what is tendered again is ruled on again', () => {
  given(...offered, rejected, tendered)
    .when(ruleExhibit, body, presiding)
    .then(exhibitRuled({ ...body, ruling: null }));
});

test('nothing is ruled on before it is tendered, or twice', () => {
  const tried = (...events: Parameters<typeof given>) => given(...events).when(ruleExhibit, body, presiding);
  tried(...round('moot-20', uploaded())).then('exhibit_not_tendered', { from: 'uploaded' });
  tried(...before).then('exhibit_not_tendered', { from: 'marked' });
  tried(...offered, admitted).then('exhibit_decided', { from: 'admitted' });
  tried(...offered, rejected).then('exhibit_decided', { from: 'rejected' });
  tried(...offered, withdrawn).then('exhibit_decided', { from: 'withdrawn' });
});

test('nobody else rules', () => {
  given(...offered)
    .when(ruleExhibit, body, judge)
    .then('not_presiding', { status: 403 });
  given(...offered)
    .when(ruleExhibit, body, outsideJudge)
    .then('not_on_panel');
  expect(ruleExhibit.roles).not.toContain('participant');
});

test('a clerk enters the ruling of the presiding judge, and the record has both', () => {
  const hand = { judge_id: presiding.id, judge_name: 'Judge Okafor', acting_name: null };
  const { result } = given(...offered)
    .when(ruleExhibit, { ...body, on_behalf_of: presiding.id }, admin)
    .then(exhibitRuledFor({ ...body, ruling: null, ...hand }))!;
  expect(result).toMatchObject({ state: 'admitted', ruled_by: presiding.id });
  given(...offered)
    .when(ruleExhibit, { ...body, on_behalf_of: judge.id }, admin)
    .then('not_presiding', { status: 409 });
});

test('refused as every command of the court', () => {
  given(...offered)
    .when(ruleExhibit, { ...body, exhibit_id: student.id }, presiding)
    .then('not_found');
  given(...sessionThatIs.pending)
    .when(ruleExhibit, body, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(ruleExhibit, body, presiding)
    .then('session_completed');
});

test('a decision is one of two, a ruling at most 500 characters', () => {
  const fits = (input: object) => ruleExhibit.body.safeParse({ ...body, ...input }).success;
  expect(fits({ decision: 'reserved' })).toBe(false);
  expect(fits({ ruling: 'r'.repeat(500) })).toBe(true);
  expect(fits({ ruling: 'r'.repeat(501) })).toBe(false);
});

test('a moderator does so where the match is run by its moderators', () => {
  const events = offered;
  given(scheduledToModerators, ...events.slice(1))
    .when(ruleExhibit, { ...body, on_behalf_of: presiding.id }, bailiff)
    .then(
      exhibitRuledFor({
        ...body,
        ruling: null,
        judge_id: presiding.id,
        judge_name: 'Judge Okafor',
        acting_name: 'Sam Bailey',
      }),
    );
  given(...events)
    .when(ruleExhibit, { ...body, on_behalf_of: presiding.id }, bailiff)
    .then('role_not_on_roster');
});
