/** Do the rows that events write say the same as the state that they fold into? */
import { expect } from 'vitest';
import { foldWrites } from '../../src/core/apply/projections.ts';
import type { Row, Write } from '../../src/core/definitions/write.ts';
import { type AssignmentState, rosterOf } from '../../src/court/assignments/assignment.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { deadlineOf } from '../../src/court/turns/clock.ts';
import type { Gallery } from '../../src/gallery/gallery.ts';
import { rowOf } from '../../src/gallery/messages/message.ts';
import { type ProjectedTable, projected } from '../../src/tables.ts';

/** Parts of a state that are kept in one table. */
type List = readonly { id: string }[];

/** Streams whose state is what holds now, and not all that their rows tell of. */
const LESS_THAN_ROWS = ['guard', 'audit', 'policy'];

export function expectRowsAgree(
  writes: Write[],
  states: { assignment?: AssignmentState; session?: SessionState; gallery?: Gallery; [kind: string]: unknown },
): void {
  const rows = rowsByTable(writes);
  const { assignment, session, gallery, ...others } = states;
  if (assignment) {
    const { petitioner: _, respondent: __, panel: ___, moderators: ____, replaced, ...state } = assignment;
    expectRoster(rows.get('rosters') ?? [], assignment);
    expectState(rows, 'assignment', state);
  }
  if (session) {
    const { participants, turns, commitments: _, ...state } = session;
    const timed = turns.map((turn) => ({ ...turn, deadline: deadlineOf(turn) }));
    expectState(rows, 'session', { ...state, participants: Object.values(participants), turns: timed });
  }
  if (gallery) expectGallery(rows, gallery);
  for (const [kind, state] of Object.entries(others)) {
    const isWhole = !LESS_THAN_ROWS.includes(kind) && projected.some(({ stream }) => stream === kind);
    if (isWhole) expectState(rows, kind, state as { id: string });
  }
}

/** A message has texts in its row that its state does not have. */
function expectGallery(rows: Map<string, Row[]>, { id: session_id, is_closed, slow_seconds, messages }: Gallery): void {
  expect(rows.get('galleries')).toEqual([{ session_id, is_closed, slow_seconds }]);
  const said = messages.parts.flatMap((part) => [...(part?.values() ?? [])].map(rowOf));
  const held = (rows.get('gallery_messages') ?? []).map((row) =>
    Object.fromEntries(Object.keys(said[0] ?? {}).map((column) => [column, row[column]])),
  );
  const byId = (one: { id?: unknown }, other: { id?: unknown }) => String(one.id).localeCompare(String(other.id));
  expect(held.toSorted(byId)).toEqual(said.toSorted(byId));
}

function rowsByTable(writes: Write[]): Map<string, Row[]> {
  const rows = new Map<string, Row[]>();
  for (const { table, key, set } of foldWrites(writes))
    rows.set(table, [...(rows.get(table) ?? []), { ...key, ...set }]);
  return rows;
}

/** Each list of the state is what one table holds, and what else the state has is the stream's own row. */
function expectState(rows: Map<string, Row[]>, kind: string, state: { id: string; [part: string]: unknown }): void {
  const isList = (value: unknown): value is List => Array.isArray(value);
  const lists = Object.values(state).filter(isList);
  const columns = Object.entries(state).filter(([, value]) => !isList(value));
  const tables = projected.filter(({ name, stream }) => stream === kind && name !== 'rosters' && name !== 'erasures');
  const held = (those: ProjectedTable[]) => those.map((table) => (rows.get(table.name) ?? []).map(written(table)));
  const isOwn = ({ primary_key, owner }: ProjectedTable) => primary_key.includes(owner);
  expect(held(tables.filter(isOwn))).toEqual([[columnsOf(Object.fromEntries(columns))]]);
  const beside = tables.filter((table) => !isOwn(table));
  for (const { name, owner } of beside) for (const row of rows.get(name) ?? []) expect(row[owner]).toBe(state.id);
  expect(filled(held(beside))).toEqual(filled(lists.map((list) => list.map(columnsOf))));
}

/** In an order of their own, without those that are empty. */
function filled<T extends object>(lists: T[][]): T[][] {
  const idOf = (one?: T) => String((one as { id?: string }).id);
  const sorted = lists.map((list) => list.toSorted((a, b) => idOf(a).localeCompare(idOf(b))));
  return sorted.filter((list) => list.length > 0).toSorted(([a], [b]) => idOf(a).localeCompare(idOf(b)));
}

/** What the chain determines of a row, without the id of the stream that it stands beside. */
function written({ owner, outside, primary_key }: ProjectedTable): (row: Row) => Row {
  const left = [...outside, ...(primary_key.includes(owner) ? [] : [owner])];
  return (row) => columnsOf(Object.fromEntries(Object.entries(row).filter(([column]) => !left.includes(column))));
}

/** A column that nothing was written to yet is null. */
function columnsOf(row: object): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function expectRoster(rows: Row[], assignment: AssignmentState): void {
  const byUser = (one: Row, other: Row) => String(one.user_id).localeCompare(String(other.user_id));
  const roster = rosterOf(assignment).map((entry, place) => ({ ...entry, place }));
  const gone = assignment.replaced.map((entry) => ({ ...entry, place: expect.any(Number) }));
  const seats = [...roster, ...gone].map((entry): Row => ({ ...entry, assignment_id: assignment.id }));
  expect(rows.map(columnsOf).sort(byUser)).toEqual(seats.sort(byUser));
}
