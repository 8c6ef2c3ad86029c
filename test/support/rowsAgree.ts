/** Do the rows that events write say the same as the state that they fold into? */
import { expect } from 'vitest';
import { foldWrites } from '../../src/core/apply/projections.ts';
import type { Row, Write } from '../../src/core/definitions/write.ts';
import { type AssignmentState, rosterOf } from '../../src/court/assignments/assignment.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { deadlineOf } from '../../src/court/turns/clock.ts';

/** Columns that no event determines. */
const OUTSIDE = ['client_info'];

export function expectRowsAgree(
  writes: Write[],
  states: { assignment?: AssignmentState; session?: SessionState },
): void {
  const rows = (name: string): Row[] =>
    foldWrites(writes)
      .filter(({ table }) => table === name)
      .map(({ key, set }) => ({ ...key, ...set }));
  const { assignment, session } = states;
  if (assignment) {
    const {
      petitioner: _,
      respondent: __,
      panel: ___,
      moderators: ____,
      replaced,
      recordings,
      ...columns
    } = assignment;
    const { id: assignment_id } = assignment;
    expect(rows('assignments')).toEqual([written(columns)]);
    const byUser = (one: Row, other: Row) => String(one.user_id).localeCompare(String(other.user_id));
    const gone = { replaced_at: null, replaced_by: null };
    const roster = rosterOf(assignment).map((entry, place) => ({ ...gone, ...entry, place }));
    const seats = [...roster, ...replaced.map((entry) => ({ ...entry, place: expect.any(Number) }))];
    expect(
      rows('rosters')
        .map((row) => ({ ...gone, ...row }))
        .sort(byUser),
    ).toEqual(seats.map((entry) => ({ ...entry, assignment_id })).sort(byUser));
    expect(rows('session_recordings')).toEqual(recordings.map((one) => ({ ...one, assignment_id })));
  }
  if (session) {
    const { participants, turns, objections, violations, exhibits, ...columns } = session;
    expect(rows('courtroom_sessions')).toEqual([expect.objectContaining(written(columns))]);
    const seats = rows('session_participations').map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !OUTSIDE.includes(column))),
    );
    const { id: session_id } = session;
    expect(seats).toEqual(Object.values(participants).map((one) => ({ ...one, session_id })));
    expect(rows('session_turns')).toEqual(turns.map((turn) => ({ ...turn, session_id, deadline: deadlineOf(turn) })));
    expect(rows('objections')).toEqual(objections.map((one) => ({ ...one, session_id })));
    expect(rows('exhibits')).toEqual(exhibits.map((one) => ({ ...one, session_id })));
    expect(rows('procedural_violations')).toEqual(violations.map((one) => ({ ...one, session_id })));
  }
}

/** A column that nothing was written to yet is null. */
function written(columns: object): object {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
}
