/** The clock of a turn: it counts what was spoken, never goes negative, never jumps, and forgets no pause. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clockAt,
  deadlineOf,
  PAUSE_REASONS,
  type PauseReason,
  pausedBy,
  resumedFrom,
  spokenMs,
  stoppedAt,
  type Timed,
} from '../../../src/court/turns/clock.ts';

const START = Date.parse('2026-11-21T12:00:00.000Z');
const at = (ms: number) => new Date(START + ms).toISOString();
const fresh: Timed = {
  ...{ allotted_ms: 600_000, extension_ms: 0, started_at: at(0), ended_at: null },
  ...{ paused_ms: 0, paused_since: null, paused_by: [] },
};

describe('a turn of ten minutes', () => {
  test('has all of them when it begins, and says when they are over', () => {
    expect(clockAt(fresh, at(0))).toEqual({
      ...{ remaining_ms: 600_000, overtime_ms: 0, running: true, deadline: at(600_000) },
    });
  });

  test('has a millisecond left a millisecond before its deadline, and is in overtime one after it', () => {
    expect(clockAt(fresh, at(599_999))).toMatchObject({ remaining_ms: 1, overtime_ms: 0 });
    expect(clockAt(fresh, at(600_000))).toMatchObject({ remaining_ms: 0, overtime_ms: 0 });
    expect(clockAt(fresh, at(600_001))).toMatchObject({ remaining_ms: 0, overtime_ms: 1 });
  });

  test('loses nothing while it is paused, and its deadline moves by the pause', () => {
    const paused = pausedBy(fresh, 'objection', at(60_000));
    expect(clockAt(paused, at(500_000))).toEqual({
      ...{ remaining_ms: 540_000, overtime_ms: 0, running: false, deadline: null },
    });
    const resumed = resumedFrom(paused, 'objection', at(90_000));
    expect(resumed).toMatchObject({ paused_ms: 30_000, paused_since: null });
    expect(deadlineOf(resumed)).toBe(at(630_000));
  });

  test('held by an objection it does not go on because the session does, and the reverse', () => {
    const both = pausedBy(pausedBy(fresh, 'objection', at(10)), 'session', at(20));
    for (const [first, second] of [
      ['objection', 'session'],
      ['session', 'objection'],
    ] as const) {
      const held = resumedFrom(both, first, at(50));
      expect(deadlineOf(held)).toBeNull();
      expect(resumedFrom(held, second, at(80))).toMatchObject({ paused_ms: 70, paused_by: [] });
    }
  });

  test('that is extended has so much more', () => {
    expect(clockAt({ ...fresh, extension_ms: 5_000 }, at(0))).toMatchObject({ remaining_ms: 605_000 });
  });

  test('that ended in a pause has spoken until the pause began', () => {
    const ended = stoppedAt(pausedBy(fresh, 'bench', at(4_000)), at(9_000));
    expect(ended).toMatchObject({ paused_by: [], paused_since: null, paused_ms: 5_000, ended_at: at(9_000) });
    expect(spokenMs(ended, at(1_000_000))).toBe(4_000);
  });

  test('that has not begun has spoken nothing', () => {
    expect(spokenMs({ ...fresh, started_at: null }, at(99))).toBe(0);
  });
});

interface Step {
  wait_ms: number;
  pauses: boolean;
  reason: PauseReason;
}

const steps = fc.array(
  fc.record<Step>({
    wait_ms: fc.integer({ min: 0, max: 400_000 }),
    pauses: fc.boolean(),
    reason: fc.constantFrom(...PAUSE_REASONS),
  }),
  { maxLength: 40 },
);

describe('whatever holds it and lets it go', () => {
  test('it takes from the time exactly what passes while nothing holds it', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        let turn = fresh;
        let now = 0;
        let spoken = 0;
        const held = new Set<PauseReason>();
        for (const { wait_ms, pauses, reason } of walk) {
          const before = clockAt(turn, at(now));
          if (held.size === 0) spoken += wait_ms;
          now += wait_ms;
          const after = clockAt(turn, at(now));
          const drop = before.remaining_ms - before.overtime_ms - (after.remaining_ms - after.overtime_ms);
          expect(drop).toBe(held.size === 0 ? wait_ms : 0);
          turn = (pauses ? pausedBy : resumedFrom)(turn, reason, at(now));
          if (pauses) held.add(reason);
          else held.delete(reason);
          // Stopping it or letting it go moves no hand.
          const { remaining_ms, overtime_ms } = after;
          expect(clockAt(turn, at(now))).toMatchObject({ remaining_ms, overtime_ms, running: held.size === 0 });
          expect([...turn.paused_by]).toEqual([...held].sort());
          expect(remaining_ms).toBeGreaterThanOrEqual(0);
          expect(spokenMs(turn, at(now))).toBe(spoken);
        }
        const ended = stoppedAt(turn, at(now));
        expect(ended.paused_ms).toBe(now - spoken);
        expect(spokenMs(ended, at(now + 1))).toBe(spoken);
      }),
    );
  });

  test('its deadline is when nothing is left if nothing happens until then', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        let turn = fresh;
        let now = 0;
        for (const { wait_ms, pauses, reason } of walk) {
          now += wait_ms;
          turn = (pauses ? pausedBy : resumedFrom)(turn, reason, at(now));
        }
        const deadline = deadlineOf(turn);
        expect(deadline === null).toBe(turn.paused_by.length > 0);
        if (deadline !== null) expect(clockAt(turn, deadline)).toMatchObject({ remaining_ms: 0, overtime_ms: 0 });
      }),
    );
  });
});
