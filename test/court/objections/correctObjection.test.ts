/** A ruling is corrected by a second one that stands beside it. */
import { expect, test } from 'vitest';
import { eventId } from '../../../src/core/chain/ids.ts';
import { correctObjection, objectionCorrected } from '../../../src/court/objections/correctObjection.ts';
import { objectionRuled, ruleObjection } from '../../../src/court/objections/ruleObjection.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { brokenInvariants } from '../../../src/court/turns/turnInvariants.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, judge, outsideJudge, presiding, sessionThatIs, superAdmin } from '../../support/matchFixture.ts';
import { at, MINUTE, OBJECTION, objecting, round, running, speaking } from '../../support/roundEvents.ts';

const objection_id = OBJECTION;
const reason = 'The wrong button.';
const body = { objection_id, decision: 'overruled', reason } as const;
const pending = round('mock-trial-tba', speaking(3), objecting(3));
const ruled = objectionRuled({ objection_id, decision: 'sustained', ruling: 'Rephrase.', clock: running(0) });
const decided = given(...pending, ruled);
const corrected = objectionCorrected({ ...body, ruling: null });
const COMMAND = '018f3c1e-1111-7111-8111-111111110000';

test('the corrected ruling holds, and the first one stays beside it', () => {
  const { states, result } = decided.when(correctObjection, body, presiding).then(corrected)!;
  expect(result).toMatchObject({ state: 'overruled', ruling: null, ruled_by: presiding.id, ruled_at: NOW });
  expect(states.session.corrections).toEqual([
    {
      ...{ id: eventId(COMMAND, 1), subject: 'objection', subject_id: OBJECTION, reason, replaced_by: null },
      ...{
        former_state: 'sustained',
        former_ruling: 'Rephrase.',
        former_ruled_by: 'system',
        former_ruled_at: at(-MINUTE),
      },
      ...{ state: 'overruled', ruling: null, corrected_by: presiding.id, corrected_at: NOW },
    },
  ]);
  expect(brokenInvariants(states.session)).toEqual([]);
});

test('the seal takes each text by the payload that it came from', () => {
  const { states, rows } = decided.when(correctObjection, body, presiding).then(corrected)!;
  const { commitments, corrections } = states.session;
  const now = rows[0]!.payload_commitment;
  const [{ id }] = corrections;
  expect(commitments).toMatchObject({ [`${id} reason`]: now, [`${id} ruling`]: now, [`${OBJECTION} ruling`]: now });
  expect(commitments[`${id} former_ruling`]).toBe(decided.states().session.commitments[`${OBJECTION} ruling`]);
});

test('the clock is not touched: it went on when the first ruling was given', () => {
  const before = decided.states().session.turns;
  const { states } = decided.when(correctObjection, body, presiding).then(corrected)!;
  expect(states.session.turns).toEqual(before);
});

test('what is corrected to reserved is ruled on again; and a correction can be corrected, in a recess too', () => {
  const back = objectionCorrected({ ...body, decision: 'reserved', ruling: null });
  const { states } = decided.when(correctObjection, { ...body, decision: 'reserved' }, presiding).then(back)!;
  expect(states.session.objections[0]).toMatchObject({ state: 'reserved', ruled_by: null, ruled_at: null });
  expect(brokenInvariants(states.session)).toEqual([]);
  given(...pending, ruled, back)
    .when(ruleObjection, { objection_id, decision: 'overruled' }, presiding)
    .then(objectionRuled({ objection_id, decision: 'overruled', ruling: null, clock: running(17 * MINUTE) }));
  const again = { ...body, decision: 'sustained', ruling: 'Rephrase.' } as const;
  given(...pending, ruled, corrected, sessionPaused({ reason: null }))
    .when(correctObjection, again, presiding)
    .then(objectionCorrected(again));
});

test('only a ruling is corrected, and only to another', () => {
  given(...pending)
    .when(correctObjection, body, presiding)
    .then('objection_not_ruled', { from: 'pending' });
  const same = { ...body, decision: 'sustained' } as const;
  decided.when(correctObjection, { ...same, ruling: 'Rephrase.' }, presiding).then('ruling_unchanged');
  const words = { ...same, ruling: 'Rephrase, counsel.' };
  decided.when(correctObjection, words, presiding).then(objectionCorrected(words));
});

test('no other judge corrects it, and no clerk', () => {
  decided.when(correctObjection, body, judge).then('not_presiding', { status: 403 });
  decided.when(correctObjection, body, outsideJudge).then('not_on_panel');
  expect(correctObjection.roles).not.toContain(admin.role);
});

test('refused as every command of the court, and without a reason', () => {
  decided.when(correctObjection, { ...body, objection_id: superAdmin.id }, presiding).then('not_found');
  given(...sessionThatIs.pending)
    .when(correctObjection, body, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(correctObjection, body, presiding)
    .then('session_completed');
  expect(correctObjection.body.safeParse({ objection_id, decision: 'overruled' }).success).toBe(false);
});
