/** Events of a round, for specifications: each happens a minute after the one before, the last a minute before `NOW`. */
import type { NewEvent } from '../../src/core/definitions/event.ts';
import { type Format, format } from '../../src/court/formats/format.ts';
import { TEMPLATES } from '../../src/court/formats/templates.ts';
import type { Ground } from '../../src/court/objections/grounds.ts';
import { objectionRaised } from '../../src/court/objections/raiseObjection.ts';
import type { Clock } from '../../src/court/turns/clock.ts';
import { turnStarted } from '../../src/court/turns/startTurn.ts';
import { NOW } from './given.ts';
import { opened, petitioner, respondent, scheduled, startedAs, turnId } from './matchFixture.ts';

export const MINUTE = 60_000;

/** So many milliseconds from `NOW`. */
export const at = (ms: number) => new Date(Date.parse(NOW) + ms).toISOString();

/** The events of a session that is in this format, and what happened in it. */
export function round(named: string | Format, ...events: NewEvent[]): NewEvent[] {
  const frozen = typeof named === 'string' ? TEMPLATES.get(named)! : named;
  return [scheduled, opened, startedAs(frozen), ...events];
}

/** A template with something changed. */
export function variant(name: string, changes: object): Format {
  return format.parse({ ...TEMPLATES.get(name)!, ...changes });
}

export const running = (remaining_ms: number, overtime_ms = 0): Clock => ({
  ...{ remaining_ms, overtime_ms, running: true },
  deadline: at(remaining_ms - overtime_ms),
});
export const standing = (remaining_ms: number): Clock => ({
  ...{ remaining_ms, overtime_ms: 0, running: false },
  deadline: null,
});

/** What recorded events say of the clock is not read again. */
const CLOCK = standing(0);

const SPEAKERS = {
  petitioner: { speaker_id: petitioner.id, speaker_name: 'Ada Petrova' },
  respondent: { speaker_id: respondent.id, speaker_name: 'Rui Santos' },
};

/** The n-th turn of the format begins. */
export function speaking(n: number, side: keyof typeof SPEAKERS = 'petitioner', clock = CLOCK): NewEvent {
  return turnStarted({ turn_id: turnId(n), ...SPEAKERS[side], clock });
}

export const OBJECTION = '018f3c1e-7b2a-7c11-9d0e-0000000f0000';

/** An objection to the n-th turn, as the event's own actor raises it. */
export function objecting(n: number, ground: Ground = 'procedural', objection_id = OBJECTION): NewEvent {
  const facts = { objection_id, turn_id: turnId(n), ground, reason: null, side: null, stops_clock: true };
  return objectionRaised({ ...facts, clock: CLOCK });
}
