/** Exhibits are numbered when they are marked, each side for itself. */
import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { exhibitMarked, markExhibit } from '../../../src/court/exhibits/markExhibit.ts';
import { EXHIBIT, marked, uploaded, withdrawn } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  opened,
  outsideJudge,
  presiding,
  scheduled,
  sessionThatIs,
  student,
} from '../../support/matchFixture.ts';

const OTHER = '018f3c1e-7b2a-7c11-9d0e-000000100001';
const body = { exhibit_id: EXHIBIT };
const there = given(...sessionThatIs.active, uploaded());
const first = exhibitMarked({ ...body, number: 1, label: 'P-1' });

test.each([presiding, judge, bailiff, admin])('the bench or the bailiff marks it: $role', (actor) => {
  const { result } = there.when(markExhibit, body, actor).then(first)!;
  expect(result).toMatchObject({ id: EXHIBIT, state: 'marked', number: 1, label: 'P-1', marked_at: NOW });
});

test('before the session begins and in a recess too', () => {
  for (const events of [[scheduled, opened], sessionThatIs.paused]) {
    given(...events, uploaded())
      .when(markExhibit, body, bailiff)
      .then(first);
  }
});

test('each side counts for itself, in the order of marking, and a withdrawn number is not given again', () => {
  const events = [...sessionThatIs.active, uploaded(), marked()];
  const two = { exhibit_id: OTHER };
  given(...events, uploaded(OTHER))
    .when(markExhibit, two, bailiff)
    .then(exhibitMarked({ ...two, number: 2, label: 'P-2' }));
  given(...events, uploaded(OTHER, 'respondent'))
    .when(markExhibit, two, bailiff)
    .then(exhibitMarked({ ...two, number: 1, label: 'R-1' }));
  given(...events, withdrawn, uploaded(OTHER))
    .when(markExhibit, two, bailiff)
    .then(exhibitMarked({ ...two, number: 2, label: 'P-2' }));
});

test('a second number is not given, nor one to what is withdrawn', () => {
  given(...sessionThatIs.active, uploaded(), marked())
    .when(markExhibit, body, bailiff)
    .then('exhibit_marked', { from: 'marked' });
  given(...sessionThatIs.active, uploaded(), withdrawn)
    .when(markExhibit, body, bailiff)
    .then('exhibit_decided', { from: 'withdrawn' });
});

test('refused as every command of the court', () => {
  there.when(markExhibit, { exhibit_id: OTHER }, bailiff).then('not_found');
  there.when(markExhibit, body, { ...bailiff, id: student.id }).then('role_not_on_roster');
  there.when(markExhibit, body, outsideJudge).then('not_on_panel');
  given(...sessionThatIs.completed)
    .when(markExhibit, body, bailiff)
    .then('session_completed');
  given(...sessionThatIs.pending, uploaded(), assignmentCancelled({ reason: 'Snow.' }))
    .when(markExhibit, body, bailiff)
    .then('assignment_cancelled');
});
