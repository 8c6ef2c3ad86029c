/** Entries of the court's own: any type that is not one of ours, until the session is completed. */

import { expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { logEntry } from '../../../src/court/sessions/logEntry.ts';
import { catalog } from '../../../src/modules.ts';
import { given } from '../../support/given.ts';
import {
  admin,
  bailiff,
  outsideJudge,
  presiding,
  scheduledToModerators,
  sessionThatIs,
} from '../../support/matchFixture.ts';

const details = { text: 'May it please the court', seconds: 90 };
const entry = { event_type: 'BENCH_NOTE', details };
const recorded = { kind: 'session', type: 'BENCH_NOTE', payload: details };

test.each(['pending', 'active', 'paused'] as const)(
  'an official writes into the record of a session that is %s',
  (status) => {
    const verdict = given(...sessionThatIs[status])
      .when(logEntry, entry, presiding)
      .then(recorded)!;
    const [row] = verdict.rows;
    expect(verdict.result).toMatchObject({
      ...{ id: row!.event_id, event_id: row!.event_id, event_type: 'BENCH_NOTE', payload: details },
      ...{ event_sequence: sessionThatIs[status].length, event_hash: row!.event_hash, actor_id: presiding.id },
    });
  },
);

test('an entry changes no state', () => {
  const before = given(...sessionThatIs.active);
  const { states } = before.when(logEntry, entry, admin).then(recorded)!;
  expect(states.session.status).toBe('active');
});

test('nothing is added to a completed session, and that is said before the panel is asked', () => {
  const completed = given(...sessionThatIs.completed);
  completed.when(logEntry, entry, presiding).then('session_completed', { status: 409 });
  completed.when(logEntry, entry, outsideJudge).then('session_completed');
});

test('nothing is added where the match was called off', () => {
  given(...sessionThatIs.pending, assignmentCancelled({ reason: 'Snow.' }))
    .when(logEntry, entry, presiding)
    .then('assignment_cancelled');
});

test('a judge whom the panel does not name writes nothing', () => {
  given(...sessionThatIs.active)
    .when(logEntry, entry, outsideJudge)
    .then('not_on_panel');
});

const RESERVED = [
  'SESSION_',
  'PARTICIPANT_',
  'TURN_',
  'OBJECTION_',
  'EXHIBIT_',
  'PAYLOAD_',
  'PROCEDURAL_',
  'ASSIGNMENT_',
];

test('what any module reserves is among them', () => {
  const [, words] = /^\^\((.*)\)_$/.exec(catalog.reserved.event_types.source)!;
  expect(
    words!
      .split('|')
      .map((word) => `${word}_`)
      .sort(),
  ).toEqual(RESERVED.toSorted());
});

const MALFORMED = ['', 'note', '1NOTE', '_NOTE', 'NOTE-1', 'NOTE ', 'NOTE\n', 'É', 'A'.repeat(51)];

test.each([...RESERVED, ...RESERVED.map((name) => `${name}X`), ...MALFORMED])(
  '%j is not a type of their own',
  (event_type) => {
    expect(logEntry.body.safeParse({ event_type, details }).success).toBe(false);
  },
);

test.each(['A', 'NOTE', 'SESSION', 'TURNOVER', 'X_SESSION_', 'A'.repeat(50)])(
  '%s is a type of their own',
  (event_type) => {
    expect(logEntry.body.safeParse({ event_type, details }).success).toBe(true);
  },
);

test('a moderator of the roster logs where the match is run by its moderators', () => {
  given(scheduledToModerators, ...sessionThatIs.active.slice(1))
    .when(logEntry, entry, bailiff)
    .then({ kind: 'session', type: entry.event_type, payload: entry.details });
  given(...sessionThatIs.active)
    .when(logEntry, entry, bailiff)
    .then('role_not_on_roster');
});
