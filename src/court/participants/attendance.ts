/**
 * The times that people were in the room, as the events of a session say it. Pure, in whole milliseconds. An awaited
 * participant, whose last socket closed, is still in; one that was given up went when that was recorded.
 */
import { z } from 'zod';
import { ROSTER_ROLES } from '../../access/scope.ts';
import { at, count, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../exampleValues.ts';

/** Types of events by which a participant comes or goes. */
export const COMING_AND_GOING = [
  ...['PARTICIPANT_JOINED', 'PARTICIPANT_RECONNECTED', 'PARTICIPANT_LEFT', 'PARTICIPANT_LOST', 'PARTICIPANT_REPLACED'],
  ...['SESSION_CANCELLED', 'SESSION_COMPLETED'],
] as const;

export interface Coming {
  event_type: string;
  occurred_at: string;
  payload: { user_id?: string };
}

const period = z.strictObject({ in: at, out: at.nullable() });
export type Period = z.output<typeof period>;

/** The periods of each user, in order; the last may be open. */
export type Periods = ReadonlyMap<string, readonly Period[]>;

/** A person who is, or was, on the roster. */
const seated = z.strictObject({
  user_id: uuid,
  name: text,
  role: z.enum(ROSTER_ROLES),
  presiding: z.boolean(),
  replaced_at: at.nullable(),
});
export type Seated = z.output<typeof seated>;

const attended = seated.extend({
  is_present: z.boolean(),
  first_in: at.nullable(),
  last_out: at.nullable(),
  present_ms: count,
  /** Whole ones. */
  minutes: count,
  periods: z.array(period),
});

export const attendanceAnswer = named(
  'Attendance',
  z.strictObject({
    session_id: uuid,
    is_final: z.boolean(),
    /** Until when open periods are counted. */
    as_of: at,
    attendance: z.array(attended),
    observers: z.strictObject({ count, looking_on: count, present_ms: count, minutes: count }),
  }),
  {
    ...{ session_id: EXAMPLE.session_id, is_final: false, as_of: EXAMPLE.now, attendance: [] },
    observers: { count: 41, looking_on: 38, present_ms: 25_012_345, minutes: 416 },
  },
);

/** The periods after some more events, which follow in order. */
export function afterEvents(periods: Periods, events: readonly Coming[]): Periods {
  const after = new Map(periods);
  for (const { event_type, occurred_at, payload } of events) {
    if (event_type.startsWith('SESSION_')) for (const user of after.keys()) leave(after, user, occurred_at);
    else if (event_type === 'PARTICIPANT_JOINED' || event_type === 'PARTICIPANT_RECONNECTED') {
      enter(after, payload.user_id!, occurred_at);
    } else leave(after, payload.user_id!, occurred_at);
  }
  return after;
}

function enter(periods: Map<string, readonly Period[]>, user: string, at: string): void {
  const own = periods.get(user) ?? [];
  if (own.at(-1)?.out !== null) periods.set(user, [...own, { in: at, out: null }]);
}

function leave(periods: Map<string, readonly Period[]>, user: string, at: string): void {
  const own = periods.get(user) ?? [];
  const last = own.at(-1);
  if (last?.out === null) periods.set(user, [...own.slice(0, -1), { ...last, out: at }]);
}

/** Everybody of the roster, whether they came or not. @param as_of until when open periods are counted */
export function attendanceOf(roster: readonly Seated[], periods: Periods, as_of: string): z.output<typeof attended>[] {
  return roster.map((seated) => {
    const own = periods.get(seated.user_id) ?? [];
    const present_ms = own.reduce((sum, one) => sum + Date.parse(one.out ?? as_of) - Date.parse(one.in), 0);
    return {
      ...seated,
      is_present: own.at(-1)?.out === null,
      first_in: own[0]?.in ?? null,
      last_out: own.at(-1)?.out ?? null,
      present_ms,
      minutes: Math.floor(present_ms / 60_000),
      periods: [...own],
    };
  });
}
