/** Somebody else takes a place on the roster, before the end and outside their own speech. */
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../src/core/definitions/event.ts';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import {
  assignmentSubstituted,
  participantReplaced,
  substituteAssignment,
} from '../../../src/court/assignments/substituteAssignment.ts';
import type { Substitution } from '../../../src/court/assignments/substitution.ts';
import { joinSession, participantJoined, participantReconnected } from '../../../src/court/participants/joinSession.ts';
import { participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { given, NOW } from '../../support/given.ts';
import {
  ASSIGNMENT,
  admin,
  judge,
  outsideJudge,
  petitioner,
  petitionerJoined,
  presiding,
  SEAT,
  SESSION,
  scheduled,
  sessionThatIs,
  student,
  turnId,
} from '../../support/matchFixture.ts';
import { round, speaking } from '../../support/roundEvents.ts';

const fresh = { user_id: outsideJudge.id, name: 'Judge Elsewhere' };
const counsel = { user_id: student.id, name: 'Noor Haddad' };
const substituted = (changes: Partial<Substitution> = {}) =>
  assignmentSubstituted({
    ...{ user_id: presiding.id, role: 'judge', replacement: fresh, returns: false },
    ...{ presiding_id: fresh.user_id, reason: null },
    ...changes,
  });
const told = (changes: object = {}) =>
  participantReplaced({
    ...{ participant_id: null, user_id: presiding.id, role: 'judge', replacement: fresh },
    ...{ presiding_id: fresh.user_id },
    ...changes,
  });
const body = { user_id: presiding.id, replacement: fresh };
const open = { fact: SESSION };

test('before there is a session the roster alone changes, and the presiding role goes with the place', () => {
  const { result, states } = given(scheduled)
    .when(substituteAssignment, { ...body, reason: 'Ill.' }, admin)
    .then(substituted({ reason: 'Ill.' }))!;
  expect(result).toMatchObject({ id: ASSIGNMENT, session_id: null });
  expect(result.panel).toEqual([
    { ...fresh, presiding: true },
    { user_id: judge.id, name: 'Judge Lindqvist', presiding: false },
  ]);
  expect(states.assignment.replaced).toEqual([
    {
      user_id: presiding.id,
      name: 'Judge Okafor',
      role: 'judge',
      presiding: false,
      replaced_at: NOW,
      replaced_by: fresh.user_id,
    },
  ]);
});

test.each(['pending', 'active', 'paused'] as const)('who follows a session that is %s is told', (status) => {
  const { recorded, rows } = given(...sessionThatIs[status])
    .when(substituteAssignment, body, admin, open)
    .then(substituted(), told())!;
  // The session's numbers are in its own chain: who answers with If-Match means the assignment's.
  expect(recorded).toEqual({ stream: `assignment:${ASSIGNMENT}`, sequence_from: 2, sequence_to: 2 });
  expect(rows.map(({ sequence }) => sequence)).toEqual([2, sessionThatIs[status].length]);
});

test('another judge of the panel presides where that is said', () => {
  const changes = { presiding_id: judge.id };
  const { result } = given(...sessionThatIs.active)
    .when(substituteAssignment, { ...body, presiding_id: judge.id }, admin, open)
    .then(substituted(changes), told(changes))!;
  expect(result.panel).toMatchObject([
    { user_id: fresh.user_id, presiding: false },
    { user_id: judge.id, presiding: true },
  ]);
  given(...sessionThatIs.active)
    .when(substituteAssignment, { ...body, presiding_id: petitioner.id }, admin, open)
    .then('not_on_roster');
  given(...sessionThatIs.active)
    .when(substituteAssignment, { ...body, presiding_id: presiding.id }, admin, open)
    .then('not_on_roster');
});

/** The petitioner's counsel goes. */
const other = { user_id: petitioner.id, replacement: counsel };
const counselGoes: Partial<Substitution> = { ...other, role: 'petitioner', presiding_id: presiding.id };
const goes = (participant_id: string | null) => [
  substituted(counselGoes),
  told({ ...other, role: 'petitioner', presiding_id: presiding.id, participant_id }),
];

test('who goes leaves the room, and the replacement takes a seat of their own', () => {
  const { states } = given(...sessionThatIs.active, petitionerJoined)
    .when(substituteAssignment, other, admin, open)
    .then(...goes(SEAT))!;
  expect(states.session.participants[petitioner.id]).toMatchObject({ status: 'disconnected', left_at: NOW });
  const after = given(...sessionThatIs.active, petitionerJoined, ...goes(SEAT));
  after.when(joinSession, { role: 'petitioner' }, petitioner).then('role_not_on_roster');
  after
    .when(joinSession, { role: 'petitioner' }, student, { id: SESSION })
    .then(participantJoined({ participant_id: SESSION, ...counsel, role: 'petitioner' }));
});

test('who had left before keeps that time', () => {
  const left = participantLeft({ participant_id: SEAT, user_id: petitioner.id });
  const { states } = given(...sessionThatIs.active, petitionerJoined, left)
    .when(substituteAssignment, other, admin, open)
    .then(...goes(SEAT))!;
  expect(states.session.participants[petitioner.id].left_at < NOW).toBe(true);
});

const back: NewEvent[] = [
  substituted({
    ...counselGoes,
    ...{ user_id: student.id, replacement: { user_id: petitioner.id, name: 'Ada Petrova' }, returns: true },
  }),
  told({
    ...{ user_id: student.id, role: 'petitioner', presiding_id: presiding.id },
    replacement: { user_id: petitioner.id, name: 'Ada Petrova' },
  }),
];

test('who was replaced may come back in the same role, and takes the old seat', () => {
  const gone = given(...sessionThatIs.active, petitionerJoined, ...goes(SEAT));
  const return_ = { user_id: student.id, replacement: { user_id: petitioner.id, name: 'Ada Petrova' } };
  const { states } = gone.when(substituteAssignment, return_, admin, open).then(...back)!;
  expect(states.assignment.replaced).toMatchObject([{ user_id: student.id }]);
  given(...sessionThatIs.active, petitionerJoined, ...goes(SEAT), ...back)
    .when(joinSession, { role: 'petitioner' }, petitioner)
    .then(participantReconnected({ participant_id: SEAT, user_id: petitioner.id, connection_count: 2 }));
  gone
    .when(substituteAssignment, { user_id: judge.id, replacement: return_.replacement }, admin, open)
    .then('already_on_roster');
});

test('nobody is on a roster twice, and nobody is replaced who is not on it', () => {
  const active = given(...sessionThatIs.active);
  const instead = (user_id: string) => ({ ...body, replacement: { user_id, name: 'Somebody' } });
  active.when(substituteAssignment, instead(judge.id), admin, open).then('already_on_roster');
  active.when(substituteAssignment, instead(presiding.id), admin, open).then('already_on_roster');
  active.when(substituteAssignment, { ...body, user_id: student.id }, admin, open).then('not_on_roster');
});

test('nobody is taken off the floor; before and after their turn they may be replaced', () => {
  given(...round('moot-20', speaking(1)))
    .when(substituteAssignment, other, admin, open)
    .then('turn_active', { turn_id: turnId(1) });
  given(...round('moot-20', speaking(1)))
    .when(substituteAssignment, body, admin, open)
    .then(substituted(), told());
});

test('what was played or called off changes no more', () => {
  given(...sessionThatIs.completed)
    .when(substituteAssignment, body, admin, open)
    .then('session_completed');
  given(scheduled, assignmentCancelled({ reason: 'Snow.' }))
    .when(substituteAssignment, body, admin)
    .then('assignment_cancelled');
});

test('a session that was opened after the door looked is not forgotten', () => {
  given(scheduled).when(substituteAssignment, body, admin, open).then('session_exists', { session_id: SESSION });
});
