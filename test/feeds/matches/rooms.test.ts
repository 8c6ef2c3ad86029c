import { expect, test } from 'vitest';
import { behindMinutes, type Room, type RoomTurn, stateOfRoom } from '../../../src/feeds/matches/roomState.ts';

const AT = '2026-11-21T10:00:00.000Z';
const minutes = (n: number) => new Date(Date.parse(AT) + n * 60_000).toISOString();

const planned: RoomTurn = {
  ...{ side: 'petitioner', kind: 'argument', state: 'planned', speaker_name: null },
  ...{ allotted_ms: 600_000, extension_ms: 0, started_at: null, ended_at: null },
  ...{ paused_ms: 0, paused_since: null, paused_by: [] },
};
const speaking = (from: number, more: Partial<RoomTurn> = {}): RoomTurn => ({
  ...planned,
  ...{ state: 'active', speaker_name: 'Ada Petrova', started_at: minutes(from), ...more },
});
const room = (more: Partial<Room> = {}): Room => ({
  ...{ title: 'A v. B', courtroom: 'Hall B', scheduled_at: AT, cancelled_at: null },
  ...{ status: null, turns: [], awaits_result: false, ...more },
});
const phaseOf = (more: Partial<Room>) => stateOfRoom(room(more), AT).phase;

test('a room is scheduled, about to begin, live, in a break and finished, as its session is', () => {
  expect(phaseOf({})).toBe('scheduled');
  expect(phaseOf({ status: 'pending' })).toBe('pre_match');
  expect(phaseOf({ status: 'active' })).toBe('live');
  expect(phaseOf({ status: 'paused' })).toBe('break');
  expect(phaseOf({ status: 'completed' })).toBe('finished');
  expect(phaseOf({ cancelled_at: AT, status: 'pending' })).toBe('cancelled');
});

test('what is completed here and not confirmed where it comes from is scored, and says so', () => {
  const state = stateOfRoom(room({ status: 'completed', awaits_result: true }), AT);
  expect(state).toMatchObject({ phase: 'scoring', awaits_result: true });
  expect(stateOfRoom(room({ status: 'active', awaits_result: true }), AT).awaits_result).toBe(false);
});

test('a room shows who speaks and when the time is up, and nobody in a break', () => {
  const turns = [speaking(0)];
  expect(stateOfRoom(room({ status: 'active', turns }), minutes(2)).speaker).toEqual({
    ...{ name: 'Ada Petrova', side: 'petitioner', kind: 'argument' },
    deadline: minutes(10),
  });
  expect(stateOfRoom(room({ status: 'paused', turns }), minutes(2)).speaker).toBeNull();
});

test('a room that has not begun is behind by how long its time is over', () => {
  expect(behindMinutes(room(), minutes(-5))).toBe(0);
  expect(behindMinutes(room(), minutes(7.9))).toBe(7);
});

test('a room that began late stays as late while its clock runs in time, and loses more where it stands or runs over', () => {
  const late = room({ status: 'active', turns: [speaking(5), planned] });
  expect([6, 10, 15].map((n) => behindMinutes(late, minutes(n)))).toEqual([5, 5, 5]);
  expect(behindMinutes(late, minutes(18))).toBe(8);
  const paused_since = minutes(8);
  const held = room({ status: 'paused', turns: [speaking(5, { paused_since, paused_by: ['session'] }), planned] });
  expect(behindMinutes(held, minutes(12))).toBe(9);
});

test('what was voided counts for nothing, and what is over is not behind', () => {
  const voided = { ...planned, state: 'voided', allotted_ms: 3_600_000 };
  expect(behindMinutes(room({ status: 'active', turns: [voided, speaking(0)] }), minutes(5))).toBe(0);
  expect(behindMinutes(room({ status: 'completed' }), minutes(500))).toBe(0);
});
