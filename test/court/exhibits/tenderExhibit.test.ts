/** What is tendered, by whom and when. */
import { expect, test } from 'vitest';
import { exhibitTendered, tenderExhibit } from '../../../src/court/exhibits/tenderExhibit.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
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
  turnId,
} from '../../support/matchFixture.ts';
import { OBJECTION, objecting, round, speaking } from '../../support/roundEvents.ts';

const body = { exhibit_id: EXHIBIT };
const events = round('moot-20', uploaded(), marked(), speaking(1));
const event = exhibitTendered({ ...body, turn_id: turnId(1) });

test('counsel of its side tender a marked exhibit in the turn under way', () => {
  const { result } = given(...events)
    .when(tenderExhibit, body, petitioner)
    .then(event)!;
  expect(result).toMatchObject({ state: 'tendered', turn_id: turnId(1), tendered_by: petitioner.id, tendered_at: NOW });
});

test.each([judge, admin])('so may the bench: $role', (actor) => {
  given(...events)
    .when(tenderExhibit, body, actor)
    .then(event);
});

test('a rejected one may be tendered again, and its ruling is awaited anew', () => {
  const { result } = given(...events, tendered, rejected)
    .when(tenderExhibit, body, petitioner)
    .then(event)!;
  expect(result).toMatchObject({ state: 'tendered', ruling: null, ruled_by: null, ruled_at: null });
});

test('what is not marked, waits for its ruling, or is decided is not', () => {
  const tried = (...more: Parameters<typeof given>) => given(...more).when(tenderExhibit, body, petitioner);
  tried(...round('moot-20', uploaded(), speaking(1))).then('exhibit_not_marked', { from: 'uploaded' });
  tried(...events, tendered).then('exhibit_tendered', { from: 'tendered' });
  tried(...events, tendered, admitted).then('exhibit_decided', { from: 'admitted' });
  tried(...events, withdrawn).then('exhibit_decided', { from: 'withdrawn' });
});

test('somebody must have the floor, and no objection wait', () => {
  given(...round('moot-20', uploaded(), marked()))
    .when(tenderExhibit, body, petitioner)
    .then('turn_not_active');
  given(...events, objecting(1))
    .when(tenderExhibit, body, petitioner)
    .then('objection_pending', { objection_id: OBJECTION });
});

test('not by the other side, nor by who is not counsel here', () => {
  const tried = given(...events);
  tried.when(tenderExhibit, body, respondent).then('not_own_side', { status: 403 });
  tried.when(tenderExhibit, body, student).then('role_not_on_roster');
  tried.when(tenderExhibit, body, outsideJudge).then('not_on_panel');
});

test('refused as every command of the court', () => {
  given(...events)
    .when(tenderExhibit, { exhibit_id: student.id }, petitioner)
    .then('not_found');
  given(...events, sessionPaused({ reason: null }))
    .when(tenderExhibit, body, petitioner)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(tenderExhibit, body, petitioner)
    .then('session_completed');
});
