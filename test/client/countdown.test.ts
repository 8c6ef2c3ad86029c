/** The countdown of the client agrees with the clock that the record folds into, after every event of every history. */
import { describe, expect, test } from 'vitest';
import { createCountdown } from '../../src/client/countdown.ts';
import type { SessionEvent } from '../../src/client/protocol.ts';
import { evolveWith, initialState } from '../../src/core/apply/streamStates.ts';
import type { EventRow } from '../../src/core/chain/ledger.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { clockAt } from '../../src/court/turns/clock.ts';
import { shownClock, shownTurn } from '../../src/court/turns/shownTurn.ts';
import { activeTurn } from '../../src/court/turns/turn.ts';
import { catalog } from '../../src/modules.ts';
import { histories } from '../support/histories.ts';

const rowOf = ({ event_sequence, payload, ...event }: SessionEvent) =>
  ({ ...event, sequence: event_sequence, payload: JSON.stringify(payload) }) as unknown as EventRow;

/** What the record says then, as the client tells it. */
function recorded({ turns }: SessionState, at: number) {
  const turn = activeTurn(turns);
  if (!turn) return null;
  const { remaining_ms, overtime_ms, running } = clockAt(turn, new Date(at).toISOString());
  return { turn_id: turn.id, remaining_ms, overtime_ms, running };
}

/** The state after each event, from the first on. */
function statesOf(events: SessionEvent[]): SessionState[] {
  let state = initialState(catalog, events[0]!.stream);
  return events.map((event) => {
    state = evolveWith(catalog, state, rowOf(event));
    return state as SessionState;
  });
}

describe.each(histories.map((one) => [one.name, one] as const))('%s', (_, { events }) => {
  const states = statesOf(events);

  function expectAgreed(countdown: ReturnType<typeof createCountdown>, i: number): void {
    const next_ms = events[i + 1] ? Date.parse(events[i + 1]!.occurred_at) : Number.POSITIVE_INFINITY;
    const at = Date.parse(events[i]!.occurred_at);
    for (const later of [at, Math.min(at + 1_234, next_ms), Math.min(at + 3_600_000, next_ms)]) {
      expect(countdown.at(later)).toEqual(recorded(states[i]!, later));
    }
  }

  test('followed from its first event', () => {
    const countdown = createCountdown();
    for (const [i, event] of events.entries()) {
      countdown.follow(event);
      expectAgreed(countdown, i);
    }
  });

  test('followed from a snapshot after any of them', () => {
    for (let from = 0; from < events.length; from += 1) {
      const { turns, objections, format } = states[from]!;
      const turn = activeTurn(turns);
      const countdown = createCountdown();
      countdown.begin({
        turn: turn ? shownTurn(turn) : null,
        clock: shownClock(turn, format, events[from]!.occurred_at),
        objections,
      });
      for (let i = from; i < events.length; i += 1) {
        if (i > from) countdown.follow(events[i]!);
        expectAgreed(countdown, i);
      }
    }
  });
});

test('a clock in what people log under a name of their own is not the clock', () => {
  const countdown = createCountdown();
  const clock = { remaining_ms: 1, overtime_ms: 0, running: true, deadline: null };
  const note = { event_type: 'NOTE', occurred_at: '2026-11-22T00:00:00.000Z', payload: { turn_id: 'x', clock } };
  countdown.follow(note as unknown as SessionEvent);
  expect(countdown.at(Date.now())).toBeNull();
});

test('a turn that is voided has no clock any more, and leaves that of another alone', () => {
  const countdown = createCountdown();
  const follow = (event_type: string, payload: object) =>
    countdown.follow({ event_type, occurred_at: '2027-03-01T10:00:00.000Z', payload } as SessionEvent);
  const clock = { remaining_ms: 60_000, overtime_ms: 0, running: true };
  follow('TURN_STARTED', { turn_id: 'one', clock });
  follow('TURN_VOIDED', { turn_id: 'earlier' });
  expect(countdown.at(Date.parse('2027-03-01T10:00:01.000Z'))).toMatchObject({ turn_id: 'one', remaining_ms: 59_000 });
  follow('TURN_VOIDED', { turn_id: 'one' });
  expect(countdown.at(Date.parse('2027-03-01T10:00:01.000Z'))).toBeNull();
});

test.each(['OBJECTION_RULED', 'OBJECTION_RULED_FOR', 'OBJECTION_WITHDRAWN'])(
  'after %s a recess that ends lets the clock run again',
  (over) => {
    const countdown = createCountdown();
    const clock = { remaining_ms: 60_000, overtime_ms: 0, running: true };
    const standing = { ...clock, running: false };
    const events = [
      ['TURN_STARTED', { turn_id: 'one', clock }],
      ['OBJECTION_RAISED', { objection_id: 'objection', turn_id: 'one', stops_clock: true, clock: standing }],
      [over, { objection_id: 'objection', turn_id: 'one', clock }],
      ['SESSION_PAUSED', {}],
      ['SESSION_RESUMED', {}],
    ];
    for (const [event_type, payload] of events) {
      countdown.follow({ event_type, occurred_at: '2027-03-01T10:00:00.000Z', payload } as SessionEvent);
    }
    expect(countdown.at(Date.parse('2027-03-01T10:00:01.000Z'))).toMatchObject({ running: true, remaining_ms: 59_000 });
  },
);
