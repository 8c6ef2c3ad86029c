/** Who takes an exhibit back, and until when. */
import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { exhibitWithdrawn, withdrawExhibit } from '../../../src/court/exhibits/withdrawExhibit.ts';
import { admitted, EXHIBIT, marked, rejected, tendered, uploaded, withdrawn } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  judge,
  outsideJudge,
  petitioner,
  respondent,
  sessionThatIs,
  student,
} from '../../support/matchFixture.ts';
import { round, speaking } from '../../support/roundEvents.ts';

const body = { exhibit_id: EXHIBIT };
const event = exhibitWithdrawn(body);
const offered = round('moot-20', uploaded(), marked(), speaking(1), tendered);

test('its side takes it back: before it is marked, when it is, and while its ruling is awaited', () => {
  for (const events of [
    [...sessionThatIs.pending, uploaded()],
    [...sessionThatIs.paused, uploaded(), marked()],
    offered,
  ]) {
    const { result } = given(...events)
      .when(withdrawExhibit, body, petitioner)
      .then(event)!;
    expect(result).toMatchObject({ state: 'withdrawn', withdrawn_by: petitioner.id, withdrawn_at: NOW });
  }
  const { result } = given(...offered)
    .when(withdrawExhibit, body, petitioner)
    .then(event)!;
  expect(result).toMatchObject({ number: 1, label: 'P-1' });
});

test.each([judge, admin])('so may the bench: $role', (actor) => {
  given(...offered)
    .when(withdrawExhibit, body, actor)
    .then(event);
});

test('what is decided stays', () => {
  for (const [last, from] of [
    [admitted, 'admitted'],
    [rejected, 'rejected'],
    [withdrawn, 'withdrawn'],
  ] as const) {
    given(...offered, last)
      .when(withdrawExhibit, body, petitioner)
      .then('exhibit_decided', { from });
  }
});

test('not by the other side, nor by who is not counsel here', () => {
  const tried = given(...offered);
  tried.when(withdrawExhibit, body, respondent).then('not_own_side', { status: 403 });
  tried.when(withdrawExhibit, body, student).then('role_not_on_roster');
  tried.when(withdrawExhibit, body, outsideJudge).then('not_on_panel');
});

test('refused as every command of the court', () => {
  given(...offered)
    .when(withdrawExhibit, { exhibit_id: student.id }, petitioner)
    .then('not_found');
  given(...sessionThatIs.completed)
    .when(withdrawExhibit, body, petitioner)
    .then('session_completed');
  given(...sessionThatIs.pending, uploaded(), assignmentCancelled({ reason: 'Snow.' }))
    .when(withdrawExhibit, body, petitioner)
    .then('assignment_cancelled');
});
