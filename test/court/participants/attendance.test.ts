/** Attendance is what the events say, to the millisecond. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterEvents, attendanceOf, type Coming, type Seated } from '../../../src/court/participants/attendance.ts';

const ADA: Seated = { user_id: 'ada', name: 'Ada', role: 'petitioner', presiding: false, replaced_at: null };
const RUI: Seated = { ...ADA, user_id: 'rui', name: 'Rui', role: 'respondent' };
const at = (ms: number) => new Date(Date.UTC(2026, 10, 21, 10) + ms).toISOString();
const event = (ms: number, type: string, user_id?: string): Coming => ({
  ...{ event_type: type, occurred_at: at(ms) },
  payload: user_id === undefined ? {} : { user_id },
});
const report = (events: Coming[], as_of_ms: number, roster = [ADA, RUI]) =>
  attendanceOf(roster, afterEvents(new Map(), events), at(as_of_ms));

test('who never came is on the list, absent', () => {
  const nothing = { is_present: false, first_in: null, last_out: null, present_ms: 0, minutes: 0, periods: [] };
  expect(report([], 1_000)).toEqual([
    { ...ADA, ...nothing },
    { ...RUI, ...nothing },
  ]);
});

test('who is in is counted until now, and has no last time out', () => {
  const [ada] = report([event(0, 'PARTICIPANT_JOINED', 'ada')], 119_999);
  expect(ada).toMatchObject({ is_present: true, first_in: at(0), last_out: null, present_ms: 119_999, minutes: 1 });
  expect(ada!.periods).toEqual([{ in: at(0), out: null }]);
});

test('in and out and in again is two periods, and what lies between is not counted', () => {
  const [ada, rui] = report(
    [
      event(0, 'PARTICIPANT_JOINED', 'ada'),
      event(10_000, 'PARTICIPANT_LEFT', 'ada'),
      event(15_000, 'PARTICIPANT_JOINED', 'rui'),
      event(70_000, 'PARTICIPANT_RECONNECTED', 'ada'),
      event(90_000, 'PARTICIPANT_LOST', 'ada'),
    ],
    200_000,
  );
  expect(ada).toMatchObject({
    is_present: false,
    first_in: at(0),
    last_out: at(90_000),
    present_ms: 30_000,
    minutes: 0,
  });
  expect(ada!.periods).toEqual([
    { in: at(0), out: at(10_000) },
    { in: at(70_000), out: at(90_000) },
  ]);
  expect(rui).toMatchObject({ is_present: true, present_ms: 185_000 });
});

test('reconnecting while in begins no new period, and leaving twice ends none', () => {
  const [ada] = report(
    [
      event(0, 'PARTICIPANT_JOINED', 'ada'),
      event(5, 'PARTICIPANT_RECONNECTED', 'ada'),
      event(20, 'PARTICIPANT_LEFT', 'ada'),
      event(30, 'PARTICIPANT_REPLACED', 'ada'),
    ],
    100,
  );
  expect(ada).toMatchObject({ present_ms: 20, periods: [{ in: at(0), out: at(20) }] });
});

test.each(['SESSION_COMPLETED', 'SESSION_CANCELLED'])('%s is the end for everybody who is still in', (type) => {
  const joined = [event(0, 'PARTICIPANT_JOINED', 'ada'), event(10, 'PARTICIPANT_JOINED', 'rui')];
  const [ada, rui] = report([...joined, event(15, 'PARTICIPANT_LEFT', 'ada'), event(50, type)], 50);
  expect([ada!.last_out, rui!.last_out]).toEqual([at(15), at(50)]);
  expect([ada!.present_ms, rui!.present_ms]).toEqual([15, 40]);
});

test('it is the same however the events are cut into pages, and nobody is in for longer than there was', () => {
  const types = ['PARTICIPANT_JOINED', 'PARTICIPANT_RECONNECTED', 'PARTICIPANT_LEFT', 'PARTICIPANT_LOST'];
  const step = fc.record({ type: fc.constantFrom(...types), who: fc.constantFrom('ada', 'rui'), wait: fc.nat(50_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, page) => {
      let ms = 0;
      const events = steps.map(({ type, who, wait }) => {
        ms += wait;
        return event(ms, type, who);
      });
      let paged: ReturnType<typeof afterEvents> = new Map();
      for (let i = 0; i < events.length; i += page) paged = afterEvents(paged, events.slice(i, i + page));
      const whole = report(events, ms);
      expect(attendanceOf([ADA, RUI], paged, at(ms))).toEqual(whole);
      for (const one of whole) {
        expect(one.present_ms).toBeGreaterThanOrEqual(0);
        expect(one.present_ms).toBeLessThanOrEqual(ms);
      }
    }),
  );
});
