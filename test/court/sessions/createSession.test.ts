/** The session of an assignment is opened once, with metadata of the sender's own making. */
import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { createSession, sessionCreated } from '../../../src/court/sessions/createSession.ts';
import { given } from '../../support/given.ts';
import { ASSIGNMENT, admin, INSTITUTION, judge, match, SESSION, scheduled } from '../../support/matchFixture.ts';

const body = { assignment_id: ASSIGNMENT };
const { title, courtroom, visibility } = match;
const facts = { assignment_id: ASSIGNMENT, institution_id: INSTITUTION, title, courtroom, visibility };

test('the session of an assignment is opened on a stream of its own, and waits', () => {
  const metadata = { round: 3, notes: ['a', null], nested: { '': true } };
  const verdict = given(scheduled)
    .when(createSession, { ...body, metadata }, judge, { id: SESSION })
    .then(sessionCreated({ ...facts, metadata }));
  expect(verdict!.rows).toMatchObject([{ stream: `session:${SESSION}`, sequence: 1 }]);
  expect(verdict!.recorded).toEqual({ stream: `session:${SESSION}`, sequence_from: 1, sequence_to: 1 });
  expect(verdict!.result).toMatchObject({
    id: SESSION,
    status: 'pending',
    metadata,
    participants_count: 0,
    head: { event_sequence: 1, event_hash: verdict!.rows[0]!.event_hash },
    started_at: null,
    integrity_hash: null,
    integrity_last_checked_at: null,
    turn: null,
    clock: null,
  });
});

test('without metadata it is an empty object', () => {
  given(scheduled)
    .when(createSession, body, admin)
    .then(sessionCreated({ ...facts, metadata: {} }));
});

test('an assignment that has a session gets no second one', () => {
  given(scheduled).when(createSession, body, admin, { fact: SESSION }).then('session_exists', { session_id: SESSION });
});

test('If-Match means the head of the assignment, and is looked at first', () => {
  const tried = (expected_sequence: number, fact?: string) =>
    given(scheduled).when(createSession, body, admin, { expected_sequence, fact });
  tried(1).then(sessionCreated({ ...facts, metadata: {} }));
  tried(2, SESSION).then('precondition_failed', { status: 412 });
});

test('metadata go 15 levels deep: the payload around them is the sixteenth', () => {
  const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });
  expect(createSession.body.safeParse({ ...body, metadata: deep(15) }).success).toBe(true);
  expect(createSession.body.safeParse({ ...body, metadata: deep(16) }).success).toBe(false);
  given(scheduled)
    .when(createSession, { ...body, metadata: deep(15) }, admin)
    .then(sessionCreated({ ...facts, metadata: deep(15) as never }));
});

test('a match that was called off gets none', () => {
  given(scheduled, assignmentCancelled({ reason: 'Snow.' }))
    .when(createSession, body, admin)
    .then('assignment_cancelled');
});
