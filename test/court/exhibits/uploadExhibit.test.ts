/** Who brings in which exhibit, for which side, and of which kind. */
import { expect, test } from 'vitest';
import { eventId } from '../../../src/core/chain/ids.ts';
import type { Actor } from '../../../src/core/definitions/actor.ts';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { exhibitUploaded, uploadExhibit } from '../../../src/court/exhibits/uploadExhibit.ts';
import type { Side } from '../../../src/court/formats/format.ts';
import { EXHIBIT, FACTS, uploaded } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  opened,
  outsideJudge,
  petitioner,
  respondent,
  scheduled,
  sessionThatIs,
  student,
  superAdmin,
} from '../../support/matchFixture.ts';
import { round } from '../../support/roundEvents.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const body = { title: 'The charter party' };
const file = FACTS;
const active = given(...sessionThatIs.active);
const event = (side: Side, facts: object = {}) =>
  exhibitUploaded({ exhibit_id: COMMAND, side, ...body, ...FACTS, ...facts });

test.each([
  ['petitioner', petitioner],
  ['respondent', respondent],
] as const)('counsel bring in what is of their side: %s', (side, actor) => {
  const { result } = active.when(uploadExhibit, body, actor, { file }).then(event(side))!;
  expect(result).toMatchObject({ id: COMMAND, side, state: 'uploaded', number: null, label: null, uploaded_at: NOW });
  active.when(uploadExhibit, { ...body, side }, actor, { file }).then(event(side));
});

test.each([judge, bailiff, admin, superAdmin])('the bench, the bailiff and clerks name the side: $role', (actor) => {
  active.when(uploadExhibit, { ...body, side: 'respondent' }, actor, { file }).then(event('respondent'));
  expect(uploadExhibit.faults!({ ...body, session_id: COMMAND, file }, actor)).toEqual([
    { pointer: '/side', detail: 'is needed' },
  ]);
  expect(uploadExhibit.faults!({ ...body, session_id: COMMAND, file }, petitioner)).toEqual([]);
});

test('nobody else does, and nobody for the other side', () => {
  const refused = (actor: Actor, side: Side = 'petitioner') =>
    active.when(uploadExhibit, { ...body, side }, actor, { file });
  refused(student).then('role_not_on_roster', { status: 403 });
  refused({ ...bailiff, id: student.id }).then('role_not_on_roster');
  refused(outsideJudge).then('not_on_panel', { status: 403 });
  refused(respondent).then('not_own_side', { status: 403 });
});

test.each(['pending', 'active', 'paused'] as const)('before the session begins and in a recess too: %s', (status) => {
  given(...sessionThatIs[status])
    .when(uploadExhibit, body, petitioner, { file })
    .then(event('petitioner'));
});

test('nothing is brought into a completed session, or where the match was called off', () => {
  given(...sessionThatIs.completed)
    .when(uploadExhibit, body, petitioner, { file })
    .then('session_completed');
  given(...sessionThatIs.pending, assignmentCancelled({ reason: 'Snow.' }))
    .when(uploadExhibit, body, petitioner, { file })
    .then('assignment_cancelled');
});

test('images are taken where the format says so, whether the session has begun or not', () => {
  const image = { ...FACTS, media_type: 'image/png' };
  const offered = [uploadExhibit, body, petitioner, { file: image }] as const;
  active.when(...offered).then('images_not_allowed', { status: 415 });
  given(scheduled, opened)
    .when(...offered)
    .then('images_not_allowed');
  given(...round('mock-trial-tba'))
    .when(...offered)
    .then(event('petitioner', image));
});

test('a side has a hundred exhibits and no more; the other side has its own', () => {
  const events = Array.from({ length: 100 }, (_, i) => uploaded(eventId(EXHIBIT, i + 1)));
  const full = given(...sessionThatIs.active, ...events);
  full.when(uploadExhibit, body, petitioner, { file }).then('exhibit_limit', { limit: 100 });
  full.when(uploadExhibit, body, respondent, { file }).then(event('respondent'));
});

test('a title says something, in at most 200 characters; the file is the door’s to name', () => {
  const fits = (input: object) => uploadExhibit.body.safeParse(input).success;
  expect(fits({ title: '' })).toBe(false);
  expect(fits({ title: 't'.repeat(200) })).toBe(true);
  expect(fits({ title: 't'.repeat(201) })).toBe(false);
  expect(fits({ ...body, side: 'bench' })).toBe(false);
  expect(fits({ ...body, file })).toBe(false);
});
