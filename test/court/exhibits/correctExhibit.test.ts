/** A ruling on an exhibit is corrected by a second one that stands beside it. */
import { expect, test } from 'vitest';
import { correctExhibit, exhibitCorrected } from '../../../src/court/exhibits/correctExhibit.ts';
import { exhibitTendered, tenderExhibit } from '../../../src/court/exhibits/tenderExhibit.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { brokenInvariants } from '../../../src/court/turns/turnInvariants.ts';
import { admitted, EXHIBIT, marked, rejected, tendered, uploaded } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, judge, outsideJudge, presiding, sessionThatIs, student, turnId } from '../../support/matchFixture.ts';
import { round, speaking } from '../../support/roundEvents.ts';

const out = { exhibit_id: EXHIBIT, decision: 'rejected', reason: 'It was meant for the other map.' } as const;
const offered = round('moot-20', uploaded(), marked(), speaking(1), tendered);
const taken = given(...offered, admitted);

test('an admitted one is out of evidence, and may be tendered again', () => {
  const { states, result } = taken.when(correctExhibit, out, presiding).then(exhibitCorrected(out))!;
  expect(result).toMatchObject({
    state: 'rejected',
    ruling: null,
    ruled_by: presiding.id,
    ruled_at: NOW,
    label: 'P-1',
  });
  expect(states.session.corrections).toMatchObject([
    {
      ...{ subject: 'exhibit', subject_id: EXHIBIT, former_state: 'admitted', former_ruled_by: 'system' },
      ...{ state: 'rejected', reason: out.reason, corrected_by: presiding.id, corrected_at: NOW, replaced_by: null },
    },
  ]);
  expect(brokenInvariants(states.session)).toEqual([]);
  given(...offered, admitted, exhibitCorrected(out))
    .when(tenderExhibit, { exhibit_id: EXHIBIT }, presiding)
    .then(exhibitTendered({ exhibit_id: EXHIBIT, turn_id: turnId(1) }));
});

test('a rejected one is in evidence, and what was said of it first is kept; in a recess too', () => {
  const admit = { ...out, decision: 'admitted' } as const;
  const { states } = given(...offered, rejected, sessionPaused({ reason: null }))
    .when(correctExhibit, admit, presiding)
    .then(exhibitCorrected(admit))!;
  expect(states.session.corrections).toMatchObject([{ former_ruling: 'No foundation.', ruling: null }]);
  expect(states.session.exhibits).toMatchObject([{ state: 'admitted', ruling: null }]);
});

test('only a ruling is corrected, and only to the other', () => {
  given(...offered)
    .when(correctExhibit, out, presiding)
    .then('exhibit_not_ruled', { from: 'tendered' });
  given(...offered, rejected)
    .when(correctExhibit, out, presiding)
    .then('ruling_unchanged');
});

test('no other judge corrects it, and no clerk', () => {
  taken.when(correctExhibit, out, judge).then('not_presiding', { status: 403 });
  taken.when(correctExhibit, out, outsideJudge).then('not_on_panel');
  expect(correctExhibit.roles).not.toContain(admin.role);
});

test('refused as every command of the court, and without a reason', () => {
  taken.when(correctExhibit, { ...out, exhibit_id: student.id }, presiding).then('not_found');
  given(...sessionThatIs.pending)
    .when(correctExhibit, out, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(correctExhibit, out, presiding)
    .then('session_completed');
  expect(correctExhibit.body.safeParse({ exhibit_id: EXHIBIT, decision: 'rejected' }).success).toBe(false);
});
