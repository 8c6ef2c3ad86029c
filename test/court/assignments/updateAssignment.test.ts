/** A match is changed until its session starts; the session that waits for it follows. What clashes is told beside. */
import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { type Candidate, warningsOf } from '../../../src/court/assignments/clashes.ts';
import {
  assignmentUpdated,
  sessionUpdated,
  updateAssignment,
} from '../../../src/court/assignments/updateAssignment.ts';
import { startSession } from '../../../src/court/sessions/startSession.ts';
import { given, NOW } from '../../support/given.ts';
import {
  ASSIGNMENT,
  admin,
  INSTITUTION,
  judge,
  match,
  presiding,
  SESSION,
  START,
  scheduled,
  sessionThatIs,
  startedAs,
} from '../../support/matchFixture.ts';
import { variant } from '../../support/roundEvents.ts';

const free: Candidate[] = [];
const later = '2026-11-22T10:00:00.000Z';
const waiting = { fact: { session_id: SESSION, candidates: free } };

test('a match without a session is moved to another time and courtroom', () => {
  const body = { scheduled_at: later, courtroom: 'Courtroom 2' };
  const { result } = given(scheduled).when(updateAssignment, body, admin).then(assignmentUpdated(body))!;
  expect(result).toMatchObject({ id: ASSIGNMENT, ...body, title: match.title, warnings: [], moderators_run: false });
});

test('the session that waits for it shows what it shows', () => {
  const body = { title: 'Meridian v. Port', visibility: 'public', moderators_run: true } as const;
  const { moderators_run: _, ...shown } = body;
  const { states } = given(...sessionThatIs.pending)
    .when(updateAssignment, body, admin, waiting)
    .then(assignmentUpdated(body), sessionUpdated(shown))!;
  expect(states.session).toMatchObject({ ...shown, courtroom: match.courtroom, status: 'pending' });
});

test('its time and its format are the match’s own, and the session starts with the format as it is then', () => {
  const body = { scheduled_at: later, format: 'amta' } as const;
  given(...sessionThatIs.pending)
    .when(updateAssignment, body, admin, waiting)
    .then(assignmentUpdated(body));
  given(...sessionThatIs.pending, assignmentUpdated(body))
    .when(startSession, {}, presiding, { id: START })
    .then(startedAs(variant('amta', {})));
});

test('what is so already is not recorded, and where all of it is nothing is', () => {
  given(scheduled)
    .when(updateAssignment, { title: match.title, courtroom: 'Courtroom 2' }, admin)
    .then(assignmentUpdated({ courtroom: 'Courtroom 2' }));
  const { recorded } = given(scheduled).when(updateAssignment, { title: match.title }, admin).then()!;
  expect(recorded).toEqual({ stream: null, sequence_from: null, sequence_to: null });
  expect(updateAssignment.body.safeParse({}).success).toBe(false);
});

test('its gallery is switched on and off, and who reads first follows the visibility until it is said', () => {
  const on = { gallery: 'breaks' } as const;
  given(scheduled).when(updateAssignment, { gallery: 'off' }, admin).then();
  const { result } = given(scheduled).when(updateAssignment, on, admin).then(assignmentUpdated(on))!;
  expect(result).toMatchObject({ ...on, gallery_moderation: 'after' });
  const open = given(scheduled, assignmentUpdated(on));
  const shown = (body: { visibility?: 'public'; gallery_moderation?: 'after' }) =>
    open.when(updateAssignment, body, admin).then(assignmentUpdated(body))!.result.gallery_moderation;
  expect(shown({ visibility: 'public' })).toBe('before');
  expect(shown({ visibility: 'public', gallery_moderation: 'after' })).toBe('after');
});

test('once the session has started, or the match was called off, nothing changes', () => {
  for (const status of ['active', 'paused', 'completed'] as const)
    given(...sessionThatIs[status])
      .when(updateAssignment, { title: 'Other' }, admin, waiting)
      .then('session_started', { from: status });
  given(scheduled, assignmentCancelled({ reason: 'Snow.' }))
    .when(updateAssignment, { title: 'Other' }, admin)
    .then('assignment_cancelled');
  given(scheduled).when(updateAssignment, { title: 'Other' }, admin, waiting).then('session_exists');
});

const state = { ...structuredClone(match), institution_id: INSTITUTION } as unknown as Parameters<typeof warningsOf>[0];
const near = (minutes: number, changes: object = {}): Candidate => ({
  ...{ id: SESSION, title: 'Other', courtroom: match.courtroom, format: 'moot-20', people: [], ...changes },
  scheduled_at: new Date(Date.parse(match.scheduled_at) + minutes * 60_000).toISOString(),
});
const codes = (...others: Candidate[]) => warningsOf(state, others, '2026-01-01T00:00:00.000Z').map(({ code }) => code);

test('a courtroom is taken for as long as the turns of its format last, before and after', () => {
  expect(codes(near(39))).toEqual(['courtroom_taken']);
  expect(codes(near(40))).toEqual([]);
  expect(codes(near(-39), near(-40))).toEqual(['courtroom_taken']);
  expect(codes(near(-50, { format: 'amta' }))).toEqual(['courtroom_taken']);
});

test('a person is at one place at a time', () => {
  const elsewhere = near(0, { courtroom: 'Courtroom 2', people: [judge.id, presiding.id] });
  expect(codes(elsewhere)).toEqual(['person_taken', 'person_taken']);
  expect(codes(near(90, { courtroom: 'Courtroom 2', people: [judge.id] }))).toEqual([]);
});

test('a time that is past is told, and no more than fifty warnings', () => {
  expect(warningsOf(state, [], NOW)).toEqual([{ code: 'in_the_past', scheduled_at: match.scheduled_at }]);
  expect(codes(...Array.from({ length: 60 }, () => near(0)))).toHaveLength(50);
});
